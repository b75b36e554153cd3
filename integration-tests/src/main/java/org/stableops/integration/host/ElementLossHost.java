package org.stableops.integration.host;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.oracle.Format;

/** A framework with the losses of elements on it, which are reached by name. */
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
   * @param parameter by {@code parameterGradient}, or null for a loss that has none
   * @param parameterBackprop the same by the host's own differentiation
   * @param parameterSecond by {@code parameterSecondDerivative}, or null
   * @param mixed by {@code mixedDerivative}, or null
   */
  record Derivatives(
      double[] value,
      double[] gradient,
      double[] second,
      double[] backprop,
      double[] parameter,
      double[] parameterBackprop,
      double[] parameterSecond,
      double[] mixed) {}

  /**
   * One problem.
   *
   * @param operator the name of the public class
   * @param x the arguments
   * @param companion what the loss takes beside them, or null
   * @param y their targets
   * @param a their sample weights, or null
   * @param shape that of all but the companion
   * @param companionShape that of the companion, or null
   * @param options those of the operator
   */
  record Problem(
      String operator,
      double[] x,
      double[] companion,
      double[] y,
      double[] a,
      long[] shape,
      long[] companionShape,
      Object options) {
    /** A problem of a loss without a companion. */
    public Problem(
        String operator, double[] x, double[] y, double[] a, long[] shape, Object options) {
      this(operator, x, null, y, a, shape, null, options);
    }

    /** The same with a companion. */
    public Problem withCompanion(double[] newCompanion, long... newShape) {
      return new Problem(operator, x, newCompanion, y, a, shape, newShape, options);
    }

    /**
     * Returns whether the companion is a parameter.
     *
     * @return whether the loss has a gradient by it
     */
    public boolean hasParameterGradient() {
      return operator.equals("NegativeBinomialLoss");
    }

    /**
     * Calls a method of the loss.
     *
     * @param <T> what it returns
     * @param host the operator's class in a host
     * @param method its name without exposures
     * @param arrays argument, companion, targets and sample weights, null for those not given
     * @return its result
     */
    public <T> T call(OperatorClass host, String method, Object... arrays) {
      // Those with exposures have names of their own.
      boolean hasExposure = companion != null && !hasParameterGradient();
      Object[] arguments =
          Stream.concat(Arrays.stream(arrays).filter(Objects::nonNull), Stream.of(options))
              .toArray();
      return host.call(hasExposure ? method + "WithExposure" : method, arguments);
    }
  }

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
   * Computes a loss.
   *
   * @param problem any
   * @param format the dtype of arguments and targets
   * @return the loss and its derivatives
   */
  Derivatives compute(Problem problem, Format format);

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
    public Derivatives compute(Problem problem, Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        Shape shape = new Shape(problem.shape);
        NDArray x = DjlHost.array(manager, problem.x, format).reshape(shape).duplicate();
        NDArray y = DjlHost.array(manager, problem.y, format).reshape(shape);
        NDArray a = problem.a == null ? null : manager.create(problem.a, shape);
        NDArray c = companion(manager, problem, format);
        double[] value = DjlHost.doubles(call(problem, "value", x, c, y, a));
        double[] gradient = DjlHost.doubles(call(problem, "gradient", x, c, y, a));
        double[] second = DjlHost.doubles(call(problem, "secondDerivative", x, c, y, a));
        boolean hasParameter = problem.hasParameterGradient();
        double[] parameter = ofParameter(problem, "parameterGradient", x, c, y, a);
        double[] parameterSecond = ofParameter(problem, "parameterSecondDerivative", x, c, y, a);
        double[] mixed = ofParameter(problem, "mixedDerivative", x, c, y, a);
        x.setRequiresGradient(true);
        if (hasParameter) {
          c.setRequiresGradient(true);
        }
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          collector.backward(call(problem, "value", x, c, y, a));
        }
        return new Derivatives(
            value,
            gradient,
            second,
            DjlHost.doubles(x.getGradient()),
            parameter,
            hasParameter ? DjlHost.doubles(c.getGradient()) : null,
            parameterSecond,
            mixed);
      }
    }

    private static double[] ofParameter(Problem problem, String method, NDArray... arrays) {
      return problem.hasParameterGradient() ? DjlHost.doubles(call(problem, method, arrays)) : null;
    }

    private static NDArray companion(NDManager manager, Problem problem, Format format) {
      return problem.companion == null
          ? null
          : DjlHost.array(manager, problem.companion, format)
              .reshape(new Shape(problem.companionShape))
              .duplicate();
    }

    private static NDArray call(Problem problem, String method, NDArray... arrays) {
      return problem.call(OperatorClass.inDjl(problem.operator), method, (Object[]) arrays);
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
    public Derivatives compute(Problem problem, Format format) {
      INDArray x = Nd4jHost.array(problem.x, format).reshape(problem.shape);
      INDArray y = Nd4jHost.array(problem.y, format).reshape(problem.shape);
      INDArray a =
          problem.a == null
              ? null
              : Nd4j.createFromArray(problem.a).castTo(DataType.DOUBLE).reshape(problem.shape);
      INDArray c =
          problem.companion == null
              ? null
              : Nd4jHost.array(problem.companion, format).reshape(problem.companionShape);
      Map<String, INDArray> gradients = gradients(problem, x, c, y, a);
      boolean hasParameter = problem.hasParameterGradient();
      return new Derivatives(
          doubles(problem, "value", x, c, y, a),
          doubles(problem, "gradient", x, c, y, a),
          doubles(problem, "secondDerivative", x, c, y, a),
          Nd4jHost.doubles(gradients.get("x")),
          hasParameter ? doubles(problem, "parameterGradient", x, c, y, a) : null,
          hasParameter ? Nd4jHost.doubles(gradients.get("c")) : null,
          hasParameter ? doubles(problem, "parameterSecondDerivative", x, c, y, a) : null,
          hasParameter ? doubles(problem, "mixedDerivative", x, c, y, a) : null);
    }

    private static Map<String, INDArray> gradients(
        Problem problem, INDArray x, INDArray c, INDArray y, INDArray a) {
      SameDiff graph = SameDiff.create();
      SDVariable[] variables = {
        graph.var("x", x.dup()),
        c == null ? null : graph.var("c", c.dup()),
        graph.constant(y),
        a == null ? null : graph.constant(a)
      };
      SDVariable loss = call(problem, "value", (Object[]) variables);
      loss.rename("loss");
      graph.setLossVariables("loss");
      return c == null
          ? graph.calculateGradients(Map.of(), "x")
          : graph.calculateGradients(Map.of(), "x", "c");
    }

    private static double[] doubles(Problem problem, String method, INDArray... arrays) {
      return Nd4jHost.doubles(call(problem, method, (Object[]) arrays));
    }

    private static <T> T call(Problem problem, String method, Object... arrays) {
      return problem.call(OperatorClass.inNd4j(problem.operator), method, arrays);
    }
  }
}
