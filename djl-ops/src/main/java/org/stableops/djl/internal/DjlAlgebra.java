package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import org.stableops.op.RowAlgebra;

/**
 * Arithmetic on arrays outside any graph, of rank 1 or more: the dtype of a scalar gives way to
 * that of a Number. The surrounding NDScope owns the results.
 */
public enum DjlAlgebra implements RowAlgebra<NDArray> {
  INSTANCE;

  private static final int[] CLASSES = {1};

  @Override
  public NDArray add(NDArray x, NDArray y) {
    return x.add(y);
  }

  @Override
  public NDArray add(NDArray x, double y) {
    return x.add(y);
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
    return x.mul(y);
  }

  @Override
  public NDArray divide(NDArray x, NDArray y) {
    return x.div(y);
  }

  @Override
  public NDArray divide(NDArray x, double y) {
    return x.div(y);
  }

  @Override
  public NDArray divide(double x, NDArray y) {
    return constant(x, y).div(y);
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
    NDArray v = x.add(1);
    return v.log().add(x.sub(v.sub(1)).div(v));
  }

  /** By the host's softplus, which is right below 0. */
  @Override
  public NDArray log1pExp(NDArray x) {
    return Activation.softPlus(x);
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
    return x.maximum(least);
  }

  @Override
  public NDArray atMost(NDArray x, double most) {
    return x.minimum(most);
  }

  @Override
  public NDArray isLess(NDArray x, double y) {
    return x.lt(y);
  }

  @Override
  public NDArray isLess(NDArray x, NDArray y) {
    return x.lt(y);
  }

  @Override
  public NDArray isMore(NDArray x, double y) {
    return x.gt(y);
  }

  @Override
  public NDArray isEqual(NDArray x, double y) {
    return x.eq(y);
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
    return NDArrays.where(condition, yes, no);
  }

  @Override
  public NDArray constant(double number, NDArray x) {
    return x.onesLike().mul(number);
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
  public NDArray toTypeOf(NDArray other, NDArray x) {
    return x.toType(other.getDataType(), false);
  }

  @Override
  public NDArray rowSums(NDArray rows) {
    return rows.sum(CLASSES, true);
  }

  @Override
  public NDArray alongRows(NDArray column, NDArray rows) {
    return column.broadcast(rows.getShape());
  }

  @Override
  public NDArray alongClasses(double[] numbers, NDArray rows) {
    NDArray row = rows.getManager().create(numbers).toDevice(rows.getDevice(), false);
    return row.reshape(1, -1).broadcast(rows.getShape());
  }

  @Override
  public NDArray isFirstLargest(NDArray rows) {
    NDManager manager = rows.getManager();
    long classes = rows.getShape().get(1);
    NDArray numbers = manager.arange(0, classes, 1, DataType.INT64, rows.getDevice());
    return rows.argMax(1).reshape(-1, 1).eq(numbers.reshape(1, -1));
  }
}
