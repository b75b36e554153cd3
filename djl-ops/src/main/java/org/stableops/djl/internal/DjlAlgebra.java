package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.stableops.ValueAndGradient;
import org.stableops.op.RowAlgebra;

/**
 * Arithmetic on arrays outside any graph, of rank 1 or more: the dtype of a scalar gives way to
 * that of a constant. The surrounding NDScope owns the results.
 */
public enum DjlAlgebra implements RowAlgebra<NDArray> {
  /** For numbers that are the same at every call. */
  INSTANCE,

  /** For a number that changes from call to call, as one that is trained. */
  OF_CHANGING_NUMBERS;

  private static final int[] CLASSES = {1};

  private NDArray number(double number) {
    return this == INSTANCE ? Constants.of(number) : Constants.create(number);
  }

  @Override
  public NDArray add(NDArray x, NDArray y) {
    return x.add(y);
  }

  @Override
  public NDArray add(NDArray x, double y) {
    return x.add(number(y));
  }

  // In place, for a new array is half of the time of a small one.

  @Override
  public NDArray addTo(NDArray own, NDArray y) {
    return own.addi(y);
  }

  @Override
  public NDArray addTo(NDArray own, double y) {
    return own.addi(number(y));
  }

  @Override
  public NDArray subtractFrom(NDArray own, NDArray y) {
    return own.subi(y);
  }

  /** In two passes: one over new memory takes longer, but for a small array. */
  @Override
  public NDArray subtractedBy(NDArray x, NDArray own) {
    return own.subi(x).negi();
  }

  @Override
  public NDArray multiplyBy(NDArray own, NDArray y) {
    return own.muli(y);
  }

  @Override
  public NDArray divideBy(NDArray own, NDArray y) {
    return own.divi(y);
  }

  @Override
  public NDArray multiplyBy(NDArray own, double y) {
    return own.muli(number(y));
  }

  @Override
  public NDArray subtract(NDArray x, NDArray y) {
    return x.sub(y);
  }

  @Override
  public NDArray multiply(NDArray x, NDArray y) {
    return x.mul(y);
  }

  @Override
  public NDArray multiply(NDArray x, double y) {
    return y == 1 ? x : x.mul(number(y));
  }

  @Override
  public NDArray divide(NDArray x, NDArray y) {
    return x.div(y);
  }

  @Override
  public NDArray divide(NDArray x, double y) {
    return y == 1 ? x : x.div(number(y));
  }

  @Override
  public NDArray divide(double x, NDArray y) {
    return Scoped.beside(y, number(x).div(y));
  }

  @Override
  public NDArray negate(NDArray x) {
    return x.neg();
  }

  @Override
  public NDArray abs(NDArray x) {
    return x.abs();
  }

  @Override
  public NDArray sqrt(NDArray x) {
    return x.sqrt();
  }

  @Override
  public NDArray exp(NDArray x) {
    return x.exp();
  }

  @Override
  public NDArray log(NDArray x) {
    return x.log();
  }

  @Override
  public NDArray sinh(NDArray x) {
    return x.sinh();
  }

  /** log v + (x − (v − 1))/v, with v = 1 + x rounded. */
  @Override
  public NDArray log1p(NDArray x) {
    NDArray v = add(x, 1);
    return v.log().add(x.sub(add(v, -1)).div(v));
  }

  /** By the host's softplus, which drops e^{−x} for x above 20. */
  @Override
  public NDArray log1pExp(NDArray x) {
    return Activation.softPlus(x);
  }

  @Override
  public NDArray nearLog1pExp(NDArray x) {
    return Activation.softPlus(x);
  }

  /** Two calls take less time than the four of one exponential. */
  @Override
  public ValueAndGradient<NDArray> nearSoftplusOf(NDArray own) {
    NDArray value = nearLog1pExp(own);
    return new ValueAndGradient<>(value, nearSigmoidOf(own));
  }

  @Override
  public NDArray nearLog1pExpOfFloats(NDArray x) {
    return freeing(toDouble(x), this::nearLog1pExp);
  }

  @Override
  public ValueAndGradient<NDArray> nearSoftplusOfFloats(NDArray x) {
    return nearSoftplusOf(toDouble(x));
  }

  @Override
  public NDArray nearSigmoidOf(NDArray own) {
    return freeing(own, Activation::sigmoid);
  }

  @Override
  public NDArray minusAbs(NDArray x) {
    return x.abs().negi();
  }

  @Override
  public NDArray sigmoid(NDArray x) {
    return Activation.sigmoid(x);
  }

  @Override
  public NDArray sign(NDArray x) {
    return x.sign();
  }

  @Override
  public NDArray max(NDArray x, NDArray y) {
    return x.maximum(y);
  }

  @Override
  public NDArray min(NDArray x, NDArray y) {
    return x.minimum(y);
  }

  @Override
  public NDArray atLeast(NDArray x, double least) {
    return least == 0 ? Activation.relu(x) : x.maximum(number(least));
  }

  @Override
  public NDArray atMost(NDArray x, double most) {
    return x.minimum(number(most));
  }

  @Override
  public NDArray atMostOrNaN(NDArray x, double most) {
    return atMost(x, most);
  }

  @Override
  public NDArray isLess(NDArray x, double y) {
    return x.lt(number(y));
  }

  @Override
  public NDArray isLess(NDArray x, NDArray y) {
    return x.lt(y);
  }

  @Override
  public NDArray isMore(NDArray x, double y) {
    return x.gt(number(y));
  }

  @Override
  public NDArray isEqual(NDArray x, double y) {
    return x.eq(number(y));
  }

  @Override
  public NDArray isEqual(NDArray x, NDArray y) {
    return x.eq(y);
  }

  @Override
  public NDArray isNaN(NDArray x) {
    return x.isNaN();
  }

  @Override
  public NDArray isInfinite(NDArray x) {
    return x.isInfinite();
  }

  @Override
  public NDArray select(NDArray condition, NDArray yes, NDArray no) {
    // NDArrays.where refuses a constant; and a result must not belong to that's manager.
    return Scoped.beside(
        condition, JniUtils.where((PtNDArray) condition, (PtNDArray) yes, (PtNDArray) no));
  }

  @Override
  public NDArray nanToZero(NDArray x) {
    return select(x.isNaN(), constant(0, x), x);
  }

  @Override
  public NDArray constant(double number, NDArray x) {
    return number(number);
  }

  @Override
  public NDArray onHost(NDArray x, DoubleUnaryOperator function) {
    return like(x, Arrays.stream(Numbers.doubles(x)).map(function).toArray());
  }

  @Override
  public NDArray onHost(NDArray x, NDArray y, DoubleBinaryOperator function) {
    double[] ofX = Numbers.doubles(x);
    double[] ofY = Numbers.doubles(y);
    Arrays.setAll(ofX, i -> function.applyAsDouble(ofX[i], ofY[i]));
    return like(x, ofX);
  }

  private static NDArray like(NDArray x, double[] numbers) {
    NDArray result = x.getManager().create(numbers, x.getShape());
    return result.toType(x.getDataType(), false).toDevice(x.getDevice(), false);
  }

  @Override
  public NDArray copy(NDArray x) {
    return x.duplicate();
  }

  @Override
  public boolean isDouble(NDArray x) {
    return x.getDataType() == DataType.FLOAT64;
  }

  @Override
  public NDArray toDouble(NDArray x) {
    return x.toType(DataType.FLOAT64, false);
  }

  @Override
  public boolean prefersFloat(NDArray x) {
    return !Fused.isSmall(x);
  }

  @Override
  public NDArray toTypeOf(NDArray other, NDArray x) {
    return x.toType(other.getDataType(), false);
  }

  @Override
  public boolean hasTypeOf(NDArray other, NDArray x) {
    return x.getDataType() == other.getDataType();
  }

  @Override
  public long classes(NDArray rows) {
    return rows.getShape().get(1);
  }

  @Override
  public NDArray rowSums(NDArray rows) {
    return rows.sum(CLASSES, true);
  }

  @Override
  public NDArray alongClasses(double[] numbers, NDArray rows) {
    return rows.getManager()
        .create(numbers, new Shape(1, numbers.length))
        .toDevice(rows.getDevice(), false);
  }

  @Override
  public NDArray argMax(NDArray rows) {
    return JniUtils.argMax((PtNDArray) rows, 1, true);
  }

  @Override
  public NDArray at(NDArray places, NDArray rows) {
    return rows.gather(places, 1);
  }

  @Override
  public NDArray with(NDArray places, NDArray column, NDArray rows) {
    return rows.scatter(places, column, 1);
  }

  @Override
  public NDArray with(NDArray places, double number, NDArray rows) {
    PtNDManager manager = (PtNDManager) rows.getManager();
    NDArray column =
        JniUtils.full(
            manager,
            places.getShape(),
            number,
            rows.getDataType(),
            rows.getDevice(),
            SparseFormat.DENSE);
    return with(places, column, rows);
  }

  @Override
  public void free(NDArray rows) {
    rows.close();
  }
}
