package org.stableops.integration.host;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.integration.oracle.Format;

/** A framework with the losses of elements on it. */
public interface ElementLossHost {
  /** All hosts. */
  List<ElementLossHost> ALL = List.of(new Djl(), new Nd4jArrays());

  /**
   * A loss and its derivatives.
   *
   * @param value one number, or one an element
   * @param gradient by {@code gradient}
   * @param second by {@code secondDerivative}
   * @param backprop the gradient of the sum of the value, by the host's own differentiation
   */
  record Derivatives(double[] value, double[] gradient, double[] second, double[] backprop) {}

  /**
   * Returns the host's name.
   *
   * @return a short name
   */
  String name();

  /**
   * Returns the dtypes that the operators take here.
   *
   * @return the formats
   */
  List<Format> formats();

  /**
   * Computes the cross-entropy of yes or no.
   *
   * @param x the logits
   * @param y their targets
   * @param a their sample weights, or null
   * @param shape that of all
   * @param options any
   * @param format the dtype of logits and targets
   * @return the loss and its derivatives
   */
  Derivatives sigmoid(
      double[] x,
      double[] y,
      double[] a,
      long[] shape,
      BinaryCrossEntropyOptions options,
      Format format);

  /** DJL on the PyTorch engine. */
  final class Djl implements ElementLossHost {
    private final DjlHost host = new DjlHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    @Override
    public Derivatives sigmoid(
        double[] x,
        double[] y,
        double[] a,
        long[] shape,
        BinaryCrossEntropyOptions options,
        Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray logits = DjlHost.array(manager, x, format).reshape(new Shape(shape)).duplicate();
        NDArray targets = DjlHost.array(manager, y, format).reshape(new Shape(shape));
        if (a == null) {
          return derivatives(
              logits,
              z -> org.stableops.djl.SigmoidCrossEntropy.value(z, targets, options),
              org.stableops.djl.SigmoidCrossEntropy.gradient(logits, targets, options),
              org.stableops.djl.SigmoidCrossEntropy.secondDerivative(logits, targets, options));
        }
        NDArray weights = manager.create(a, new Shape(shape));
        return derivatives(
            logits,
            z -> org.stableops.djl.SigmoidCrossEntropy.value(z, targets, weights, options),
            org.stableops.djl.SigmoidCrossEntropy.gradient(logits, targets, weights, options),
            org.stableops.djl.SigmoidCrossEntropy.secondDerivative(
                logits, targets, weights, options));
      }
    }

    private static Derivatives derivatives(
        NDArray x,
        java.util.function.UnaryOperator<NDArray> loss,
        NDArray gradient,
        NDArray second) {
      double[] value = DjlHost.doubles(loss.apply(x));
      x.setRequiresGradient(true);
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        collector.backward(loss.apply(x));
      }
      return new Derivatives(
          value,
          DjlHost.doubles(gradient),
          DjlHost.doubles(second),
          DjlHost.doubles(x.getGradient()));
    }
  }

  /** ND4J and SameDiff. */
  final class Nd4jArrays implements ElementLossHost {
    private final Nd4jHost host = new Nd4jHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    @Override
    public Derivatives sigmoid(
        double[] x,
        double[] y,
        double[] a,
        long[] shape,
        BinaryCrossEntropyOptions options,
        Format format) {
      INDArray logits = Nd4jHost.array(x, format).reshape(shape);
      INDArray targets = Nd4jHost.array(y, format).reshape(shape);
      SameDiff graph = SameDiff.create();
      SDVariable variable = graph.var("x", logits.dup());
      SDVariable constant = graph.constant(targets);
      if (a == null) {
        org.stableops.nd4j.SigmoidCrossEntropy.value(variable, constant, options).rename("loss");
        return derivatives(
            org.stableops.nd4j.SigmoidCrossEntropy.value(logits, targets, options),
            org.stableops.nd4j.SigmoidCrossEntropy.gradient(logits, targets, options),
            org.stableops.nd4j.SigmoidCrossEntropy.secondDerivative(logits, targets, options),
            graph);
      }
      INDArray weights = Nd4j.createFromArray(a).castTo(DataType.DOUBLE).reshape(shape);
      org.stableops.nd4j.SigmoidCrossEntropy.value(
              variable, constant, graph.constant(weights), options)
          .rename("loss");
      return derivatives(
          org.stableops.nd4j.SigmoidCrossEntropy.value(logits, targets, weights, options),
          org.stableops.nd4j.SigmoidCrossEntropy.gradient(logits, targets, weights, options),
          org.stableops.nd4j.SigmoidCrossEntropy.secondDerivative(
              logits, targets, weights, options),
          graph);
    }

    private static Derivatives derivatives(
        INDArray value, INDArray gradient, INDArray second, SameDiff graph) {
      graph.setLossVariables("loss");
      INDArray backprop = graph.calculateGradients(Map.of(), "x").get("x");
      return new Derivatives(
          Nd4jHost.doubles(value),
          Nd4jHost.doubles(gradient),
          Nd4jHost.doubles(second),
          Nd4jHost.doubles(backprop));
    }
  }
}
