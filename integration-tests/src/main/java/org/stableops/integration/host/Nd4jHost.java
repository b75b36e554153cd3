package org.stableops.integration.host;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/** ND4J on its CPU backend; what training sees comes from SameDiff. */
public final class Nd4jHost implements Host {
  @Override
  public String name() {
    return "ND4J";
  }

  @Override
  public List<Format> formats() {
    return List.of(Format.values());
  }

  @Override
  public double[] value(ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (INDArray argument = array(x, format)) {
      return doubles(value(function, argument, parameter));
    }
  }

  @Override
  public double[] gradient(
      ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (INDArray argument = array(x, format)) {
      return doubles(gradient(function, argument, parameter));
    }
  }

  @Override
  public double[] secondDerivative(
      ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (INDArray argument = array(x, format)) {
      return doubles(
          OperatorClass.inNd4j(function.operator()).call("secondDerivative", argument, parameter));
    }
  }

  @Override
  public double[] backprop(
      ElementwiseFunction function,
      double[] x,
      double parameter,
      double[] upstream,
      Format format) {
    SameDiff graph = SameDiff.create();
    SDVariable variable = graph.var("x", array(x, format));
    SDVariable value = OperatorClass.inNd4j(function.operator()).call("value", variable, parameter);
    value.mul(graph.constant(array(upstream, format))).rename("loss");
    graph.setLossVariables("loss");
    return doubles(graph.calculateGradients(Map.of(), "x").get("x"));
  }

  @Override
  public Transformed transformed(PositiveTransform transform, double[] raw, Format format) {
    INDArray r = array(raw, format);
    return new Transformed(
        doubles(PositiveTransforms.value(r, transform)),
        doubles(PositiveTransforms.gradient(r, transform)),
        backprop(r, x -> PositiveTransforms.value(x, transform)),
        doubles(PositiveTransforms.logDerivative(r, transform)),
        backprop(r, x -> PositiveTransforms.logDerivative(x, transform)));
  }

  private static double[] backprop(INDArray x, UnaryOperator<SDVariable> f) {
    SameDiff graph = SameDiff.create();
    f.apply(graph.var("x", x.dup())).rename("loss");
    graph.setLossVariables("loss");
    return doubles(graph.calculateGradients(Map.of(), "x").get("x"));
  }

  @Override
  public double[] inverse(PositiveTransform transform, double[] values, Format format) {
    return doubles(PositiveTransforms.inverse(array(values, format), transform));
  }

  @Override
  public Parametric parametric(
      ElementwiseFunction function, double[] x, double[] parameters, Format format) {
    try (INDArray argument = array(x, format);
        INDArray parameter = array(parameters, format)) {
      return new Parametric(
          doubles(value(function, argument, parameter)),
          doubles(gradient(function, argument, parameter)),
          doubles(parameterGradient(function, argument, parameter)));
    }
  }

  @Override
  public Parametric parametricBackprop(
      ElementwiseFunction function, double[] x, double[] parameters, Format format) {
    SameDiff graph = SameDiff.create();
    SDVariable argument = graph.var("x", array(x, format));
    SDVariable parameter = graph.var("p", array(parameters, format));
    SDVariable value = value(function, argument, parameter).rename("value");
    graph.setLossVariables("value");
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "x", "p");
    return new Parametric(
        doubles(value.eval()), doubles(gradients.get("x")), doubles(gradients.get("p")));
  }

  /** An operator without and with sample weights; overloads of one name. */
  @FunctionalInterface
  private interface Unweighted<T> {
    T apply(INDArray logits, INDArray labels, CrossEntropyOptions options);
  }

  @FunctionalInterface
  private interface Weighted<T> {
    T apply(INDArray logits, INDArray labels, INDArray sampleWeights, CrossEntropyOptions options);
  }

  private static <T> T call(
      CrossEntropyCase problem, INDArray logits, Unweighted<T> unweighted, Weighted<T> weighted) {
    INDArray labels = labels(problem, logits.dataType());
    return problem.sampleWeights() == null
        ? unweighted.apply(logits, labels, problem.options())
        : weighted.apply(logits, labels, sampleWeights(problem), problem.options());
  }

  private static INDArray value(CrossEntropyCase problem, INDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::value, SparseSoftmaxCrossEntropy::value)
        : call(problem, z, SoftmaxCrossEntropy::value, SoftmaxCrossEntropy::value);
  }

  private static INDArray gradient(CrossEntropyCase problem, INDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::gradient, SparseSoftmaxCrossEntropy::gradient)
        : call(problem, z, SoftmaxCrossEntropy::gradient, SoftmaxCrossEntropy::gradient);
  }

  private static INDArray hessianVectorProduct(CrossEntropyCase problem, INDArray z, INDArray v) {
    return problem.labels() != null
        ? call(
            problem,
            z,
            (logits, labels, options) ->
                SparseSoftmaxCrossEntropy.hessianVectorProduct(logits, labels, v, options),
            (logits, labels, weights, options) ->
                SparseSoftmaxCrossEntropy.hessianVectorProduct(logits, labels, weights, v, options))
        : call(
            problem,
            z,
            (logits, labels, options) ->
                SoftmaxCrossEntropy.hessianVectorProduct(logits, labels, v, options),
            (logits, labels, weights, options) ->
                SoftmaxCrossEntropy.hessianVectorProduct(logits, labels, weights, v, options));
  }

  private static INDArray hessianDiagonal(CrossEntropyCase problem, INDArray z) {
    return problem.labels() != null
        ? call(
            problem,
            z,
            SparseSoftmaxCrossEntropy::hessianDiagonal,
            SparseSoftmaxCrossEntropy::hessianDiagonal)
        : call(
            problem, z, SoftmaxCrossEntropy::hessianDiagonal, SoftmaxCrossEntropy::hessianDiagonal);
  }

  private static ValueAndGradient<INDArray> valueAndGradient(CrossEntropyCase problem, INDArray z) {
    return problem.labels() != null
        ? call(
            problem,
            z,
            SparseSoftmaxCrossEntropy::valueAndGradient,
            SparseSoftmaxCrossEntropy::valueAndGradient)
        : call(
            problem,
            z,
            SoftmaxCrossEntropy::valueAndGradient,
            SoftmaxCrossEntropy::valueAndGradient);
  }

  private static CrossEntropyEvaluation<INDArray> evaluation(CrossEntropyCase problem, INDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::evaluate, SparseSoftmaxCrossEntropy::evaluate)
        : call(problem, z, SoftmaxCrossEntropy::evaluate, SoftmaxCrossEntropy::evaluate);
  }

  @Override
  public Loss crossEntropy(CrossEntropyCase problem, Format format) {
    INDArray z = shaped(problem.logits(), problem.shape(), type(format));
    return new Loss(doubles(value(problem, z)), doubles(gradient(problem, z)));
  }

  @Override
  public Hessian hessian(CrossEntropyCase problem, double[] direction, Format format) {
    INDArray z = shaped(problem.logits(), problem.shape(), type(format));
    INDArray v = shaped(direction, problem.shape(), type(format));
    return new Hessian(
        doubles(hessianVectorProduct(problem, z, v)), doubles(hessianDiagonal(problem, z)));
  }

  @Override
  public Loss crossEntropyInOnePass(CrossEntropyCase problem, Format format) {
    INDArray z = shaped(problem.logits(), problem.shape(), type(format));
    ValueAndGradient<INDArray> both = valueAndGradient(problem, z);
    return new Loss(doubles(both.value()), doubles(both.gradient()));
  }

  @Override
  public Evaluation evaluate(CrossEntropyCase problem, Format format) {
    INDArray z = shaped(problem.logits(), problem.shape(), type(format));
    try (CrossEntropyEvaluation<INDArray> all = evaluation(problem, z)) {
      return new Evaluation(
          doubles(all.loss()),
          doubles(all.rowLosses()),
          doubles(all.logSumExp()),
          doubles(all.zLoss()),
          all.weight());
    }
  }

  @Override
  public Loss crossEntropyBackprop(CrossEntropyCase problem, double[] upstream, Format format) {
    SameDiff graph = SameDiff.create();
    SDVariable logits =
        graph.var("logits", shaped(problem.logits(), problem.shape(), type(format)));
    SDVariable labels = graph.constant(labels(problem, type(format)));
    SDVariable loss = crossEntropy(problem, logits, labels).rename("loss");
    INDArray weights = shaped(upstream, loss.eval().shape(), type(format));
    loss.mul(graph.constant(weights)).rename("weighted");
    graph.setLossVariables("weighted");
    INDArray gradient = graph.calculateGradients(Map.of(), "logits").get("logits");
    return new Loss(doubles(loss.eval()), doubles(gradient));
  }

  private static SDVariable crossEntropy(
      CrossEntropyCase problem, SDVariable logits, SDVariable labels) {
    CrossEntropyOptions options = problem.options();
    if (problem.sampleWeights() == null) {
      return problem.labels() != null
          ? SparseSoftmaxCrossEntropy.value(logits, labels, options)
          : SoftmaxCrossEntropy.value(logits, labels, options);
    }
    SDVariable weights = logits.getSameDiff().constant(sampleWeights(problem));
    return problem.labels() != null
        ? SparseSoftmaxCrossEntropy.value(logits, labels, weights, options)
        : SoftmaxCrossEntropy.value(logits, labels, weights, options);
  }

  @Override
  public Differentiated logSumExp(double[] x, long[] shape, int axis, Format format) {
    INDArray array = shaped(x, shape, type(format));
    SameDiff graph = SameDiff.create();
    LogSumExp.value(graph.var("x", array), axis).rename("value");
    graph.setLossVariables("value");
    INDArray backprop = graph.calculateGradients(Map.of(), "x").get("x");
    return new Differentiated(
        doubles(LogSumExp.value(array, axis)),
        doubles(LogSumExp.gradient(array, axis)),
        doubles(backprop));
  }

  @Override
  public Differentiated logSoftmax(
      double[] x, long[] shape, int axis, double[] upstream, Format format) {
    INDArray array = shaped(x, shape, type(format));
    INDArray weights = shaped(upstream, shape, type(format));
    SameDiff graph = SameDiff.create();
    SDVariable value = LogSoftmax.value(graph.var("x", array), axis);
    value.mul(graph.constant(weights)).rename("loss");
    graph.setLossVariables("loss");
    INDArray backprop = graph.calculateGradients(Map.of(), "x").get("x");
    return new Differentiated(
        doubles(LogSoftmax.value(array, axis)),
        doubles(LogSoftmax.gradient(array, axis, weights)),
        doubles(backprop));
  }

  private static INDArray labels(CrossEntropyCase problem, DataType type) {
    if (problem.labels() == null) {
      return shaped(problem.probabilities(), problem.shape(), type);
    }
    long[] shape = problem.rowShape();
    return shape.length == 0
        ? Nd4j.scalar(DataType.INT64, problem.labels()[0])
        : Nd4j.createFromArray(problem.labels()).reshape(shape);
  }

  private static INDArray sampleWeights(CrossEntropyCase problem) {
    return problem.sampleWeights() == null
        ? null
        : shaped(problem.sampleWeights(), problem.rowShape(), DataType.DOUBLE);
  }

  static INDArray array(double[] x, Format format) {
    return Nd4j.createFromArray(x).castTo(type(format));
  }

  private static INDArray shaped(double[] x, long[] shape, DataType type) {
    return shape.length == 0
        ? Nd4j.scalar(type, x[0])
        : Nd4j.createFromArray(x).castTo(type).reshape(shape);
  }

  /**
   * Reads an array of any layout.
   *
   * @param array of any dtype of numbers
   * @return its elements in logical order
   */
  public static double[] doubles(INDArray array) {
    return array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
  }

  /**
   * Returns the host's dtype.
   *
   * @param format any
   * @return the dtype of its arrays
   */
  public static DataType type(Format format) {
    return switch (format) {
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
      case FLOAT32 -> DataType.FLOAT;
      case FLOAT64 -> DataType.DOUBLE;
    };
  }

  private static INDArray value(ElementwiseFunction function, INDArray x, double parameter) {
    return OperatorClass.inNd4j(function.operator()).call("value", x, parameter);
  }

  private static INDArray value(ElementwiseFunction function, INDArray x, INDArray parameter) {
    return OperatorClass.inNd4j(function.operator()).call("value", x, parameter);
  }

  private static INDArray gradient(ElementwiseFunction function, INDArray x, double parameter) {
    return OperatorClass.inNd4j(function.operator()).call("gradient", x, parameter);
  }

  private static INDArray gradient(ElementwiseFunction function, INDArray x, INDArray parameter) {
    return OperatorClass.inNd4j(function.operator()).call("gradient", x, parameter);
  }

  private static INDArray parameterGradient(
      ElementwiseFunction function, INDArray x, INDArray parameter) {
    return OperatorClass.inNd4j(function.operator()).call("parameterGradient", x, parameter);
  }

  private static SDVariable value(
      ElementwiseFunction function, SDVariable x, SDVariable parameter) {
    return OperatorClass.inNd4j(function.operator()).call("value", x, parameter);
  }
}
