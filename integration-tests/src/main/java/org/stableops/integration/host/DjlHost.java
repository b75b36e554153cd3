package org.stableops.integration.host;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
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
  public Loss crossEntropy(CrossEntropyCase problem, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = array(manager, problem.logits(), format).reshape(new Shape(problem.shape()));
      NDArray loss = crossEntropy(problem, logits);
      NDArray gradient =
          problem.labels() != null
              ? SparseSoftmaxCrossEntropy.gradient(
                  logits, labels(problem, manager), problem.options())
              : SoftmaxCrossEntropy.gradient(logits, masses(problem, logits), problem.options());
      return new Loss(doubles(loss), doubles(gradient));
    }
  }

  @Override
  public Loss crossEntropyBackprop(CrossEntropyCase problem, double[] upstream, Format format) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = array(manager, problem.logits(), format).reshape(new Shape(problem.shape()));
      logits.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray loss = crossEntropy(problem, logits);
        NDArray weights = array(manager, upstream, format).reshape(loss.getShape());
        collector.backward(loss.mul(weights));
        return new Loss(doubles(loss), doubles(logits.getGradient()));
      }
    }
  }

  private static NDArray crossEntropy(CrossEntropyCase problem, NDArray logits) {
    return problem.labels() != null
        ? SparseSoftmaxCrossEntropy.value(
            logits, labels(problem, logits.getManager()), problem.options())
        : SoftmaxCrossEntropy.value(logits, masses(problem, logits), problem.options());
  }

  private static NDArray labels(CrossEntropyCase problem, NDManager manager) {
    return manager.create(problem.labels(), new Shape(problem.rowShape()));
  }

  private static NDArray masses(CrossEntropyCase problem, NDArray logits) {
    return logits
        .getManager()
        .create(problem.masses(), logits.getShape())
        .toType(logits.getDataType(), false)
        .duplicate();
  }

  static NDArray array(NDManager manager, double[] x, Format format) {
    // Native memory of its own: toType copies nothing of the same dtype.
    return manager.create(x).toType(type(format), false).duplicate();
  }

  static double[] doubles(NDArray array) {
    return array.toType(DataType.FLOAT64, false).toDoubleArray();
  }

  static DataType type(Format format) {
    return switch (format) {
      case FLOAT16 -> DataType.FLOAT16;
      case FLOAT32 -> DataType.FLOAT32;
      case FLOAT64 -> DataType.FLOAT64;
      case BFLOAT16 -> throw new IllegalArgumentException("DJL aborts on bfloat16");
    };
  }

  private static NDArray value(ElementwiseFunction function, NDArray x, double parameter) {
    return switch (function) {
      case SOFTPLUS -> Softplus.value(x, parameter);
      case SOFTPLUS_INVERSE -> SoftplusInverse.value(x, parameter);
      case SQUAREPLUS -> Squareplus.value(x, parameter);
      case SQUAREPLUS_INVERSE -> SquareplusInverse.value(x, parameter);
    };
  }

  private static NDArray gradient(ElementwiseFunction function, NDArray x, double parameter) {
    return switch (function) {
      case SOFTPLUS -> Softplus.gradient(x, parameter);
      case SOFTPLUS_INVERSE -> SoftplusInverse.gradient(x, parameter);
      case SQUAREPLUS -> Squareplus.gradient(x, parameter);
      case SQUAREPLUS_INVERSE -> SquareplusInverse.gradient(x, parameter);
    };
  }
}
