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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.oracle.Format;

/** A framework with the Gumbel-softmax on it. */
public interface GumbelSoftmaxHost {
  /** All hosts. */
  List<GumbelSoftmaxHost> ALL = List.of(new Djl(), new Nd4jArrays());

  /**
   * One problem.
   *
   * @param z the logits
   * @param g the noise
   * @param temperature τ
   * @param u an upstream gradient
   * @param shape that of the three
   */
  record Problem(double[] z, double[] g, double temperature, double[] u, long... shape) {}

  /**
   * Everything that is computed of a problem.
   *
   * @param value the probabilities
   * @param hard the one-hot draw
   * @param gradient by the logits
   * @param temperatureGradient by the temperature
   */
  record Results(double[] value, double[] hard, double[] gradient, double temperatureGradient) {}

  /**
   * Returns the host's name.
   *
   * @return a short name
   */
  String name();

  /**
   * Returns the dtypes that the operator takes here.
   *
   * @return the formats
   */
  List<Format> formats();

  /**
   * Computes the explicit results.
   *
   * @param problem any
   * @param format the dtype of logits, noise and upstream
   * @return value, draw and gradients
   */
  Results compute(Problem problem, Format format);

  /**
   * Computes by the host's own differentiation.
   *
   * @param problem any
   * @param format the dtype of logits, noise and upstream
   * @param isHard whether of the draw
   * @return the value or the draw, and gradients to logits and temperature
   */
  Results backprop(Problem problem, Format format, boolean isHard);

  /**
   * Draws noise.
   *
   * @param seed any
   * @param format the dtype
   * @param shape that of the noise
   * @return its elements
   */
  double[] gumbels(long seed, Format format, long... shape);

  /** DJL on the PyTorch engine. */
  final class Djl implements GumbelSoftmaxHost {
    private final DjlHost host = new DjlHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    private static NDArray array(
        NDManager manager, double[] numbers, Problem problem, Format format) {
      // A copy, for a view is no leaf.
      return DjlHost.array(manager, numbers, format).reshape(new Shape(problem.shape)).duplicate();
    }

    @Override
    public Results compute(Problem problem, Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray z = array(manager, problem.z, problem, format);
        NDArray g = array(manager, problem.g, problem, format);
        NDArray u = array(manager, problem.u, problem, format);
        NDArray tau = manager.create(problem.temperature);
        double number = problem.temperature;
        return new Results(
            DjlHost.doubles(org.stableops.djl.GumbelSoftmax.value(z, g, number)),
            DjlHost.doubles(org.stableops.djl.GumbelSoftmax.hard(z, g, number)),
            DjlHost.doubles(org.stableops.djl.GumbelSoftmax.gradient(z, g, number, u)),
            org.stableops.djl.GumbelSoftmax.temperatureGradient(z, g, tau, u).getDouble());
      }
    }

    @Override
    public Results backprop(Problem problem, Format format, boolean isHard) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray z = array(manager, problem.z, problem, format);
        NDArray g = array(manager, problem.g, problem, format);
        NDArray u = array(manager, problem.u, problem, format);
        NDArray tau = manager.create(problem.temperature).duplicate();
        z.setRequiresGradient(true);
        tau.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          NDArray value =
              isHard
                  ? org.stableops.djl.GumbelSoftmax.hard(z, g, tau)
                  : org.stableops.djl.GumbelSoftmax.value(z, g, tau);
          collector.backward(value.mul(u));
          double[] numbers = DjlHost.doubles(value);
          double[] gradient = DjlHost.doubles(z.getGradient());
          return new Results(numbers, numbers, gradient, tau.getGradient().getDouble());
        }
      }
    }

    @Override
    public double[] gumbels(long seed, Format format, long... shape) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray like = manager.zeros(new Shape(shape), DjlHost.type(format));
        return DjlHost.doubles(org.stableops.djl.GumbelSoftmax.gumbels(like, seed));
      }
    }
  }

  /** ND4J and SameDiff. */
  final class Nd4jArrays implements GumbelSoftmaxHost {
    private final Nd4jHost host = new Nd4jHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    private static INDArray array(double[] numbers, Problem problem, Format format) {
      return Nd4jHost.array(numbers, format).reshape(problem.shape);
    }

    @Override
    public Results compute(Problem problem, Format format) {
      INDArray z = array(problem.z, problem, format);
      INDArray g = array(problem.g, problem, format);
      INDArray u = array(problem.u, problem, format);
      INDArray tau = Nd4j.scalar(problem.temperature);
      double number = problem.temperature;
      return new Results(
          Nd4jHost.doubles(org.stableops.nd4j.GumbelSoftmax.value(z, g, number)),
          Nd4jHost.doubles(org.stableops.nd4j.GumbelSoftmax.hard(z, g, number)),
          Nd4jHost.doubles(org.stableops.nd4j.GumbelSoftmax.gradient(z, g, number, u)),
          org.stableops.nd4j.GumbelSoftmax.temperatureGradient(z, g, tau, u).getDouble(0));
    }

    @Override
    public Results backprop(Problem problem, Format format, boolean isHard) {
      SameDiff graph = SameDiff.create();
      SDVariable z = graph.var("z", array(problem.z, problem, format));
      SDVariable g = graph.constant(array(problem.g, problem, format));
      SDVariable u = graph.constant(array(problem.u, problem, format));
      SDVariable tau = graph.var("tau", Nd4j.scalar(problem.temperature));
      SDVariable value =
          isHard
              ? org.stableops.nd4j.GumbelSoftmax.hard(z, g, tau)
              : org.stableops.nd4j.GumbelSoftmax.value(z, g, tau);
      value.mul(u).rename("loss");
      graph.setLossVariables("loss");
      Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "z", "tau");
      double[] numbers = Nd4jHost.doubles(value.eval());
      double[] gradient = Nd4jHost.doubles(gradients.get("z"));
      return new Results(numbers, numbers, gradient, gradients.get("tau").getDouble(0));
    }

    @Override
    public double[] gumbels(long seed, Format format, long... shape) {
      INDArray like = Nd4j.zeros(Nd4jHost.type(format), shape);
      return Nd4jHost.doubles(org.stableops.nd4j.GumbelSoftmax.gumbels(like, seed));
    }
  }
}
