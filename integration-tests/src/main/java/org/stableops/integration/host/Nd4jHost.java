package org.stableops.integration.host;

import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;

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
      return doubles(
          switch (function) {
            case SOFTPLUS -> Softplus.value(argument, parameter);
            case SOFTPLUS_INVERSE -> SoftplusInverse.value(argument, parameter);
            case SQUAREPLUS -> Squareplus.value(argument, parameter);
            case SQUAREPLUS_INVERSE -> SquareplusInverse.value(argument, parameter);
          });
    }
  }

  @Override
  public double[] gradient(
      ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (INDArray argument = array(x, format)) {
      return doubles(
          switch (function) {
            case SOFTPLUS -> Softplus.gradient(argument, parameter);
            case SOFTPLUS_INVERSE -> SoftplusInverse.gradient(argument, parameter);
            case SQUAREPLUS -> Squareplus.gradient(argument, parameter);
            case SQUAREPLUS_INVERSE -> SquareplusInverse.gradient(argument, parameter);
          });
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
    SDVariable value =
        switch (function) {
          case SOFTPLUS -> Softplus.value(variable, parameter);
          case SOFTPLUS_INVERSE -> SoftplusInverse.value(variable, parameter);
          case SQUAREPLUS -> Squareplus.value(variable, parameter);
          case SQUAREPLUS_INVERSE -> SquareplusInverse.value(variable, parameter);
        };
    value.mul(graph.constant(array(upstream, format))).rename("loss");
    graph.setLossVariables("loss");
    return doubles(graph.calculateGradients(Map.of(), "x").get("x"));
  }

  @Override
  public Loss crossEntropy(CrossEntropyCase problem, Format format) {
    INDArray logits = shaped(problem.logits(), problem.shape(), format);
    INDArray labels = labels(problem, format);
    boolean sparse = problem.labels() != null;
    INDArray loss =
        sparse
            ? SparseSoftmaxCrossEntropy.value(logits, labels, problem.options())
            : SoftmaxCrossEntropy.value(logits, labels, problem.options());
    INDArray gradient =
        sparse
            ? SparseSoftmaxCrossEntropy.gradient(logits, labels, problem.options())
            : SoftmaxCrossEntropy.gradient(logits, labels, problem.options());
    return new Loss(doubles(loss), doubles(gradient));
  }

  @Override
  public Loss crossEntropyBackprop(CrossEntropyCase problem, double[] upstream, Format format) {
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.var("logits", shaped(problem.logits(), problem.shape(), format));
    SDVariable labels = graph.constant(labels(problem, format));
    SDVariable loss =
        problem.labels() != null
            ? SparseSoftmaxCrossEntropy.value(logits, labels, problem.options())
            : SoftmaxCrossEntropy.value(logits, labels, problem.options());
    loss.rename("loss");
    INDArray weights = shaped(upstream, loss.eval().shape(), format);
    loss.mul(graph.constant(weights)).rename("weighted");
    graph.setLossVariables("weighted");
    INDArray gradient = graph.calculateGradients(Map.of(), "logits").get("logits");
    return new Loss(doubles(loss.eval()), doubles(gradient));
  }

  private static INDArray labels(CrossEntropyCase problem, Format format) {
    return problem.labels() != null
        ? Nd4j.createFromArray(problem.labels()).reshape(problem.rowShape())
        : shaped(problem.masses(), problem.shape(), format);
  }

  static INDArray array(double[] x, Format format) {
    return Nd4j.createFromArray(x).castTo(type(format));
  }

  private static INDArray shaped(double[] x, long[] shape, Format format) {
    return shape.length == 0 ? Nd4j.scalar(type(format), x[0]) : array(x, format).reshape(shape);
  }

  static double[] doubles(INDArray array) {
    return array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
  }

  private static DataType type(Format format) {
    return switch (format) {
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
      case FLOAT32 -> DataType.FLOAT;
      case FLOAT64 -> DataType.DOUBLE;
    };
  }
}
