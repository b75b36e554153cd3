package org.stableops.integration.host;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.UnaryOperator;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.ValueAndGradient;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** DJL on the PyTorch engine. */
public final class DjlHost implements Host {
  @Override
  public String name() {
    return "DJL";
  }

  @Override
  public List<Format> formats() {
    return List.of(Format.FLOAT16, Format.FLOAT32, Format.FLOAT64);
  }

  @Override
  public double[] value(ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      return doubles(value(function, array(manager, x, format), parameter));
    }
  }

  @Override
  public double[] gradient(
      ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      return doubles(gradient(function, array(manager, x, format), parameter));
    }
  }

  @Override
  public double[] secondDerivative(
      ElementwiseFunction function, double[] x, double parameter, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format);
      return doubles(
          OperatorClass.inDjl(function.operator()).call("secondDerivative", argument, parameter));
    }
  }

  @Override
  public double[] backprop(
      ElementwiseFunction function,
      double[] x,
      double parameter,
      double[] upstream,
      Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format);
      argument.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray value = value(function, argument, parameter);
        collector.backward(value.mul(array(manager, upstream, format)));
      }
      return doubles(argument.getGradient());
    }
  }

  @Override
  public Transformed transformed(PositiveTransform transform, double[] raw, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray r = array(manager, raw, format);
      return new Transformed(
          doubles(PositiveTransforms.value(r, transform)),
          doubles(PositiveTransforms.gradient(r, transform)),
          backprop(r, x -> PositiveTransforms.value(x, transform)),
          doubles(PositiveTransforms.logDerivative(r, transform)),
          backprop(r, x -> PositiveTransforms.logDerivative(x, transform)));
    }
  }

  private static double[] backprop(NDArray x, UnaryOperator<NDArray> f) {
    NDArray argument = x.duplicate();
    argument.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(f.apply(argument));
    }
    return doubles(argument.getGradient());
  }

  @Override
  public double[] inverse(PositiveTransform transform, double[] values, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      return doubles(PositiveTransforms.inverse(array(manager, values, format), transform));
    }
  }

  @Override
  public Parametric parametric(
      ElementwiseFunction function, double[] x, double[] parameters, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format);
      NDArray parameter = array(manager, parameters, format);
      return new Parametric(
          doubles(value(function, argument, parameter)),
          doubles(gradient(function, argument, parameter)),
          doubles(parameterGradient(function, argument, parameter)));
    }
  }

  @Override
  public Parametric parametricBackprop(
      ElementwiseFunction function, double[] x, double[] parameters, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format);
      NDArray parameter = array(manager, parameters, format);
      argument.setRequiresGradient(true);
      parameter.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray value = value(function, argument, parameter);
        collector.backward(value);
        return new Parametric(
            doubles(value), doubles(argument.getGradient()), doubles(parameter.getGradient()));
      }
    }
  }

  /** An operator without and with sample weights; overloads of one name. */
  @FunctionalInterface
  private interface Unweighted<T> {
    T apply(NDArray logits, NDArray labels, CrossEntropyOptions options);
  }

  @FunctionalInterface
  private interface Weighted<T> {
    T apply(NDArray logits, NDArray labels, NDArray sampleWeights, CrossEntropyOptions options);
  }

  private static <T> T call(
      CrossEntropyCase problem, NDArray logits, Unweighted<T> unweighted, Weighted<T> weighted) {
    NDArray labels = targets(problem, logits);
    return problem.sampleWeights() == null
        ? unweighted.apply(logits, labels, problem.options())
        : weighted.apply(
            logits, labels, sampleWeights(problem, logits.getManager()), problem.options());
  }

  private static NDArray value(CrossEntropyCase problem, NDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::value, SparseSoftmaxCrossEntropy::value)
        : call(problem, z, SoftmaxCrossEntropy::value, SoftmaxCrossEntropy::value);
  }

  private static NDArray gradient(CrossEntropyCase problem, NDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::gradient, SparseSoftmaxCrossEntropy::gradient)
        : call(problem, z, SoftmaxCrossEntropy::gradient, SoftmaxCrossEntropy::gradient);
  }

  private static NDArray hessianVectorProduct(CrossEntropyCase problem, NDArray z, NDArray v) {
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

  private static NDArray hessianDiagonal(CrossEntropyCase problem, NDArray z) {
    return problem.labels() != null
        ? call(
            problem,
            z,
            SparseSoftmaxCrossEntropy::hessianDiagonal,
            SparseSoftmaxCrossEntropy::hessianDiagonal)
        : call(
            problem, z, SoftmaxCrossEntropy::hessianDiagonal, SoftmaxCrossEntropy::hessianDiagonal);
  }

  private static ValueAndGradient<NDArray> valueAndGradient(CrossEntropyCase problem, NDArray z) {
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

  private static CrossEntropyEvaluation<NDArray> evaluation(CrossEntropyCase problem, NDArray z) {
    return problem.labels() != null
        ? call(problem, z, SparseSoftmaxCrossEntropy::evaluate, SparseSoftmaxCrossEntropy::evaluate)
        : call(problem, z, SoftmaxCrossEntropy::evaluate, SoftmaxCrossEntropy::evaluate);
  }

  @Override
  public Loss crossEntropy(CrossEntropyCase problem, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray z = logits(problem, manager, format);
      return new Loss(doubles(value(problem, z)), doubles(gradient(problem, z)));
    }
  }

  @Override
  public Hessian hessian(CrossEntropyCase problem, double[] direction, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray z = logits(problem, manager, format);
      NDArray v = array(manager, direction, format).reshape(z.getShape());
      return new Hessian(
          doubles(hessianVectorProduct(problem, z, v)), doubles(hessianDiagonal(problem, z)));
    }
  }

  @Override
  public Loss crossEntropyInOnePass(CrossEntropyCase problem, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      ValueAndGradient<NDArray> both = valueAndGradient(problem, logits(problem, manager, format));
      return new Loss(doubles(both.value()), doubles(both.gradient()));
    }
  }

  @Override
  public Evaluation evaluate(CrossEntropyCase problem, Format format) {
    try (NDManager manager = NDManager.newBaseManager();
        CrossEntropyEvaluation<NDArray> all =
            evaluation(problem, logits(problem, manager, format))) {
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
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = logits(problem, manager, format);
      logits.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray loss = value(problem, logits);
        NDArray weights = array(manager, upstream, format).reshape(loss.getShape());
        collector.backward(loss.mul(weights));
        return new Loss(doubles(loss), doubles(logits.getGradient()));
      }
    }
  }

  @Override
  public Differentiated logSumExp(double[] x, long[] shape, int axis, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format).reshape(new Shape(shape)).duplicate();
      argument.setRequiresGradient(true);
      NDArray gradient = LogSumExp.gradient(argument, axis);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray value = LogSumExp.value(argument, axis);
        collector.backward(value.sum());
        return new Differentiated(
            doubles(value), doubles(gradient), doubles(argument.getGradient()));
      }
    }
  }

  @Override
  public Differentiated logSoftmax(
      double[] x, long[] shape, int axis, double[] upstream, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray argument = array(manager, x, format).reshape(new Shape(shape)).duplicate();
      argument.setRequiresGradient(true);
      NDArray weights = array(manager, upstream, format).reshape(new Shape(shape));
      NDArray gradient = LogSoftmax.gradient(argument, axis, weights);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray value = LogSoftmax.value(argument, axis);
        collector.backward(value.mul(weights).sum());
        return new Differentiated(
            doubles(value), doubles(gradient), doubles(argument.getGradient()));
      }
    }
  }

  private static NDArray logits(CrossEntropyCase problem, NDManager manager, Format format) {
    // A copy, for a view is no leaf.
    return array(manager, problem.logits(), format).reshape(new Shape(problem.shape())).duplicate();
  }

  private static NDArray targets(CrossEntropyCase problem, NDArray logits) {
    return problem.labels() != null
        ? labels(problem, logits.getManager())
        : probabilities(problem, logits);
  }

  private static NDArray sampleWeights(CrossEntropyCase problem, NDManager manager) {
    return problem.sampleWeights() == null
        ? null
        : manager.create(problem.sampleWeights(), new Shape(problem.rowShape()));
  }

  private static NDArray labels(CrossEntropyCase problem, NDManager manager) {
    return manager.create(problem.labels(), new Shape(problem.rowShape()));
  }

  private static NDArray probabilities(CrossEntropyCase problem, NDArray logits) {
    return logits
        .getManager()
        .create(problem.probabilities(), logits.getShape())
        .toType(logits.getDataType(), false)
        .duplicate();
  }

  /**
   * Makes a vector.
   *
   * @param manager its owner
   * @param x numbers of the format
   * @param format the dtype
   * @return an array in memory of libtorch's own
   */
  public static NDArray array(NDManager manager, double[] x, Format format) {
    // Native memory of its own: toType copies nothing of the same dtype.
    return manager.create(x).toType(type(format), false).duplicate();
  }

  /**
   * Reads an array of any layout.
   *
   * @param array of any dtype of numbers
   * @return its elements in logical order
   */
  public static double[] doubles(NDArray array) {
    return array.toType(DataType.FLOAT64, false).toDoubleArray();
  }

  /**
   * Returns the host's dtype.
   *
   * @param format one of {@link #formats}
   * @return the dtype of its arrays
   */
  public static DataType type(Format format) {
    return switch (format) {
      case FLOAT16 -> DataType.FLOAT16;
      case FLOAT32 -> DataType.FLOAT32;
      case FLOAT64 -> DataType.FLOAT64;
      case BFLOAT16 -> throw new IllegalArgumentException("DJL aborts on bfloat16");
    };
  }

  private static NDArray value(ElementwiseFunction function, NDArray x, double parameter) {
    return OperatorClass.inDjl(function.operator()).call("value", x, parameter);
  }

  private static NDArray gradient(ElementwiseFunction function, NDArray x, double parameter) {
    return OperatorClass.inDjl(function.operator()).call("gradient", x, parameter);
  }

  private static NDArray value(ElementwiseFunction function, NDArray x, NDArray parameter) {
    return OperatorClass.inDjl(function.operator()).call("value", x, parameter);
  }

  private static NDArray gradient(ElementwiseFunction function, NDArray x, NDArray parameter) {
    return OperatorClass.inDjl(function.operator()).call("gradient", x, parameter);
  }

  private static NDArray parameterGradient(
      ElementwiseFunction function, NDArray x, NDArray parameter) {
    return OperatorClass.inDjl(function.operator()).call("parameterGradient", x, parameter);
  }
}
