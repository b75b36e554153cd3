package org.stableops.integration.fuzz;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.UnaryOperator;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.integration.host.DjlHost;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** DJL's arrays, in a manager that lives as long as a case. */
final class DjlArrays implements ArrayHost<NDArray> {
  private static final Host HOST = new DjlHost();

  private final NDManager manager = NDManager.newBaseManager();

  @Override
  public Host host() {
    return HOST;
  }

  @Override
  public void close() {
    manager.close();
  }

  @Override
  public Laid<NDArray> laid(Layout layout, double[] base, String dtype) {
    NDArray array = base(layout, base, dtype);
    return new Laid<>(array, view(layout, array), doubles(array));
  }

  /** In memory of libtorch's own, for autograd keeps it. */
  private NDArray base(Layout layout, double[] base, String dtype) {
    Shape shape = new Shape(layout.baseShape());
    return manager.create(base, shape).toType(DataType.valueOf(dtype), false).duplicate();
  }

  private static NDArray view(Layout layout, NDArray base) {
    NDArray view = base.get(layout.slice());
    int rank = layout.shape().length;
    if (rank == 0 || layout.isPlain()) {
      return view;
    }
    StringBuilder intervals = new StringBuilder();
    int[] axes = new int[rank];
    for (int k = 0; k < rank; k++) {
      int d = layout.order()[k];
      int from = layout.offset()[d];
      int to = from + (layout.length(d) - 1) * layout.step()[d] + 1;
      intervals.append(k == 0 ? "" : ",").append("%d:%d:%d".formatted(from, to, layout.step()[d]));
      axes[d] = k;
    }
    NDArray ordered = view.get(new NDIndex(intervals.toString())).transpose(axes);
    return layout.isRepeated() ? ordered.broadcast(new Shape(layout.shape())) : ordered;
  }

  /** libtorch's functions of eight numbers at once and of one differ in their last bits. */
  @Override
  public boolean keepsBits(Path path) {
    return path == Path.FUSED;
  }

  @Override
  public String dtype(Format format) {
    return DjlHost.type(format).name();
  }

  @Override
  public List<String> integers() {
    return List.of("INT8", "UINT8", "INT32", "INT64");
  }

  @Override
  public String booleans() {
    return "BOOLEAN";
  }

  @Override
  public String dtype(NDArray array) {
    return array.getDataType().name();
  }

  @Override
  public long[] shape(NDArray array) {
    return array.getShape().getShape();
  }

  @Override
  public double[] doubles(NDArray array) {
    return DjlHost.doubles(array);
  }

  @Override
  public OperatorClass operator(String name) {
    return OperatorClass.inDjl(name);
  }

  @Override
  public Transforms<NDArray> transforms() {
    return new Transforms<>(
        PositiveTransforms::value,
        PositiveTransforms::gradient,
        PositiveTransforms::inverse,
        PositiveTransforms::logDerivative,
        PositiveTransforms::valueInto);
  }

  @Override
  public Rows<NDArray> rows() {
    return new Rows<>(
        LogSumExp::value, LogSumExp::gradient, LogSoftmax::value, LogSoftmax::gradient);
  }

  @Override
  public CrossEntropy<NDArray> sparse() {
    return new CrossEntropy<>(
        DjlArrays::sparse,
        (z, y, w, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.gradient(z, y, options)
                : SparseSoftmaxCrossEntropy.gradient(z, y, w, options),
        (z, y, w, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.valueAndGradient(z, y, options)
                : SparseSoftmaxCrossEntropy.valueAndGradient(z, y, w, options),
        (z, y, w, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.evaluate(z, y, options)
                : SparseSoftmaxCrossEntropy.evaluate(z, y, w, options),
        (z, y, w, v, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.hessianVectorProduct(z, y, v, options)
                : SparseSoftmaxCrossEntropy.hessianVectorProduct(z, y, w, v, options),
        (z, y, w, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.hessianDiagonal(z, y, options)
                : SparseSoftmaxCrossEntropy.hessianDiagonal(z, y, w, options));
  }

  private static NDArray sparse(NDArray z, NDArray y, NDArray w, CrossEntropyOptions options) {
    return w == null
        ? SparseSoftmaxCrossEntropy.value(z, y, options)
        : SparseSoftmaxCrossEntropy.value(z, y, w, options);
  }

  @Override
  public CrossEntropy<NDArray> dense() {
    return new CrossEntropy<>(
        DjlArrays::dense,
        (z, y, w, options) ->
            w == null
                ? SoftmaxCrossEntropy.gradient(z, y, options)
                : SoftmaxCrossEntropy.gradient(z, y, w, options),
        (z, y, w, options) ->
            w == null
                ? SoftmaxCrossEntropy.valueAndGradient(z, y, options)
                : SoftmaxCrossEntropy.valueAndGradient(z, y, w, options),
        (z, y, w, options) ->
            w == null
                ? SoftmaxCrossEntropy.evaluate(z, y, options)
                : SoftmaxCrossEntropy.evaluate(z, y, w, options),
        (z, y, w, v, options) ->
            w == null
                ? SoftmaxCrossEntropy.hessianVectorProduct(z, y, v, options)
                : SoftmaxCrossEntropy.hessianVectorProduct(z, y, w, v, options),
        (z, y, w, options) ->
            w == null
                ? SoftmaxCrossEntropy.hessianDiagonal(z, y, options)
                : SoftmaxCrossEntropy.hessianDiagonal(z, y, w, options));
  }

  private static NDArray dense(NDArray z, NDArray y, NDArray w, CrossEntropyOptions options) {
    return w == null
        ? SoftmaxCrossEntropy.value(z, y, options)
        : SoftmaxCrossEntropy.value(z, y, w, options);
  }

  // ---- what training sees

  @Override
  public double[] backprop(
      ElementwiseFunction function, Layout layout, double[] x, Format format, double parameter) {
    Scalar<NDArray> value = elementwise(function).value();
    return backprop(layout, x, format, array -> value.apply(array, parameter));
  }

  @Override
  public double[] backprop(
      PositiveTransform transform, Layout layout, double[] raw, Format format) {
    return backprop(layout, raw, format, array -> PositiveTransforms.value(array, transform));
  }

  @Override
  public double[] backprop(
      Layout layout,
      double[] logits,
      Format format,
      NDArray labels,
      NDArray sampleWeights,
      CrossEntropyOptions options) {
    boolean isSparse = labels.getDataType().isInteger();
    return backprop(
        layout,
        logits,
        format,
        z ->
            isSparse
                ? sparse(z, labels, sampleWeights, options)
                : dense(z, labels, sampleWeights, options));
  }

  @Override
  public double[] backprop(
      ElementLossHost.Problem problem,
      Layout layout,
      Format format,
      NDArray companion,
      NDArray targets,
      NDArray sampleWeights) {
    return backprop(
        layout,
        problem.x(),
        format,
        x ->
            problem.call(
                operator(problem.operator()), "value", x, companion, targets, sampleWeights));
  }

  /** The leaf is the base; the view, like a network's slices and transposes, is in the graph. */
  private double[] backprop(
      Layout layout, double[] x, Format format, UnaryOperator<NDArray> value) {
    NDArray leaf = base(layout, layout.base(x, 0), dtype(format));
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(value.apply(view(layout, leaf)).sum());
    }
    return layout.view(doubles(leaf.getGradient()));
  }
}
