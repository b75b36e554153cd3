package org.stableops.integration.fuzz;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/** ND4J's arrays, which the garbage collector frees. */
final class Nd4jArrays implements ArrayHost<INDArray> {
  private static final Host HOST = new Nd4jHost();

  @Override
  public Host host() {
    return HOST;
  }

  @Override
  public void close() {}

  @Override
  public Laid<INDArray> laid(Layout layout, double[] base, String dtype) {
    DataType type = DataType.valueOf(dtype);
    if (base.length == 0) {
      INDArray empty = Nd4j.create(type, layout.shape());
      return new Laid<>(empty, empty, base);
    }
    INDArray array = Nd4j.createFromArray(base).castTo(type);
    return new Laid<>(array, view(layout, array), doubles(array));
  }

  private static INDArray view(Layout layout, INDArray base) {
    long[] shape = layout.shape();
    if (shape.length == 0) {
      return base.slice(layout.slice());
    }
    if (layout.isPlain()) {
      return base.reshape('c', shape);
    }
    // As get, permute and broadcast would make it, but for any step and without their copies.
    char order = layout.isInOrder('f') ? 'f' : 'c';
    return Nd4j.create(
        base.data(), shape, layout.strides(), layout.start(), order, base.dataType());
  }

  @Override
  public boolean keepsBits(Path path) {
    return true;
  }

  @Override
  public String dtype(Format format) {
    return Nd4jHost.type(format).name();
  }

  @Override
  public List<String> integers() {
    return List.of("BYTE", "UBYTE", "SHORT", "UINT16", "INT", "UINT32", "LONG", "UINT64");
  }

  @Override
  public String booleans() {
    return "BOOL";
  }

  @Override
  public String dtype(INDArray array) {
    return array.dataType().name();
  }

  @Override
  public long[] shape(INDArray array) {
    return array.shape();
  }

  @Override
  public double[] doubles(INDArray array) {
    return array.isEmpty() ? new double[0] : Nd4jHost.doubles(array);
  }

  @Override
  public OperatorClass operator(String name) {
    return OperatorClass.inNd4j(name);
  }

  @Override
  public Transforms<INDArray> transforms() {
    return new Transforms<>(
        PositiveTransforms::value,
        PositiveTransforms::gradient,
        PositiveTransforms::inverse,
        PositiveTransforms::logDerivative,
        PositiveTransforms::valueInto);
  }

  @Override
  public Rows<INDArray> rows() {
    return new Rows<>(
        LogSumExp::value, LogSumExp::gradient, LogSoftmax::value, LogSoftmax::gradient);
  }

  @Override
  public CrossEntropy<INDArray> sparse() {
    return new CrossEntropy<>(
        (z, y, w, options) ->
            w == null
                ? SparseSoftmaxCrossEntropy.value(z, y, options)
                : SparseSoftmaxCrossEntropy.value(z, y, w, options),
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

  @Override
  public CrossEntropy<INDArray> dense() {
    return new CrossEntropy<>(
        (z, y, w, options) ->
            w == null
                ? SoftmaxCrossEntropy.value(z, y, options)
                : SoftmaxCrossEntropy.value(z, y, w, options),
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

  // ---- what training sees

  @Override
  public double[] backprop(
      ElementwiseFunction function, Layout layout, double[] x, Format format, double parameter) {
    return backprop(
        layout,
        x,
        format,
        variable -> OperatorClass.inNd4j(function.operator()).call("value", variable, parameter));
  }

  @Override
  public double[] backprop(
      PositiveTransform transform, Layout layout, double[] raw, Format format) {
    return backprop(layout, raw, format, variable -> PositiveTransforms.value(variable, transform));
  }

  @Override
  public double[] backprop(
      Layout layout,
      double[] logits,
      Format format,
      INDArray labels,
      INDArray sampleWeights,
      CrossEntropyOptions options) {
    return backprop(
        layout, logits, format, variable -> loss(variable, labels, sampleWeights, options));
  }

  private static SDVariable loss(
      SDVariable logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options) {
    SameDiff graph = logits.getSameDiff();
    SDVariable y = graph.constant("labels", labels);
    boolean isSparse = labels.dataType().isIntType();
    if (sampleWeights == null) {
      return isSparse
          ? SparseSoftmaxCrossEntropy.value(logits, y, options)
          : SoftmaxCrossEntropy.value(logits, y, options);
    }
    SDVariable weights = graph.constant("weights", sampleWeights);
    return isSparse
        ? SparseSoftmaxCrossEntropy.value(logits, y, weights, options)
        : SoftmaxCrossEntropy.value(logits, y, weights, options);
  }

  @Override
  public double[] backprop(
      ElementLossHost.Problem problem,
      Layout layout,
      Format format,
      INDArray companion,
      INDArray targets,
      INDArray sampleWeights) {
    return backprop(
        layout,
        problem.x(),
        format,
        x ->
            problem.call(
                operator(problem.operator()),
                "value",
                x,
                constant(x, companion),
                constant(x, targets),
                constant(x, sampleWeights)));
  }

  private static SDVariable constant(SDVariable beside, INDArray array) {
    return array == null ? null : beside.getSameDiff().constant(array);
  }

  private double[] backprop(
      Layout layout, double[] x, Format format, UnaryOperator<SDVariable> value) {
    SameDiff graph = SameDiff.create();
    value.apply(graph.var("x", laid(layout, x, format).view())).rename("loss");
    graph.setLossVariables("loss");
    return doubles(graph.calculateGradients(Map.of(), "x").get("x"));
  }
}
