package org.stableops.integration.host;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;

/** A framework with the linear cross-entropy on it. */
public interface LinearHost {
  /** All hosts. */
  List<LinearHost> ALL = List.of(new Djl(), new Nd4jArrays());

  /** What may be trained, or frozen. */
  enum Argument {
    /** The hidden states. */
    HIDDEN,
    /** The weight. */
    WEIGHT,
    /** The bias. */
    BIAS
  }

  /**
   * Everything that is computed of a problem.
   *
   * @param loss one number, or one a token
   * @param hidden the gradient to the hidden states, or null if they are frozen
   * @param weight that to the weight, or null
   * @param bias that to the bias, or null, as where there is none
   */
  record Results(double[] loss, double[] hidden, double[] weight, double[] bias) {}

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
   * Computes by {@code value} alone.
   *
   * @param problem any
   * @param format the dtype of hidden, weight and bias
   * @return the loss
   */
  double[] value(LinearCase problem, Format format);

  /**
   * Computes by {@code valueAndGradients}.
   *
   * @param problem any
   * @param format the dtype of hidden, weight and bias
   * @return everything
   */
  Results compute(LinearCase problem, Format format);

  /**
   * Computes by {@code gaussNewtonProduct}.
   *
   * @param problem any
   * @param v the direction
   * @param format the dtype of hidden, weight and bias
   * @return everything but the loss
   */
  Results gaussNewton(LinearCase problem, LinearCase.Direction v, Format format);

  /**
   * Computes by the host's own differentiation.
   *
   * @param problem any
   * @param format the dtype of hidden, weight, bias and upstream
   * @param upstream one number an element of the loss
   * @param trained what is not frozen; a bias only if there is one
   * @return the loss, and the gradients of Σ upstream·loss to what is trained
   */
  Results backprop(LinearCase problem, Format format, double[] upstream, Set<Argument> trained);

  /** DJL on the PyTorch engine. */
  final class Djl implements LinearHost {
    private final DjlHost host = new DjlHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    /** The arguments; null for what is not given. */
    private record Arrays(
        NDArray hidden, NDArray weight, NDArray bias, NDArray labels, NDArray sampleWeights) {
      static Arrays of(LinearCase problem, NDManager manager, Format format) {
        int dimension = problem.dimension();
        return new Arrays(
            shaped(manager, problem.hidden(), format, problem.tokens(), dimension),
            shaped(manager, problem.weight(), format, problem.classes(), dimension),
            problem.bias() == null ? null : DjlHost.array(manager, problem.bias(), format),
            manager.create(problem.labels()),
            problem.sampleWeights() == null ? null : manager.create(problem.sampleWeights()));
      }

      private static NDArray shaped(
          NDManager manager, double[] numbers, Format format, long... shape) {
        // A copy, for a view is no leaf.
        return DjlHost.array(manager, numbers, format).reshape(new Shape(shape)).duplicate();
      }

      NDArray value(LinearCase problem) {
        return org.stableops.djl.LinearCrossEntropy.value(
            hidden, weight, bias, labels, sampleWeights, problem.options());
      }

      NDArray get(Argument argument) {
        return switch (argument) {
          case HIDDEN -> hidden;
          case WEIGHT -> weight;
          case BIAS -> bias;
        };
      }
    }

    @Override
    public double[] value(LinearCase problem, Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        return DjlHost.doubles(Arrays.of(problem, manager, format).value(problem));
      }
    }

    @Override
    public Results compute(LinearCase problem, Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        Arrays arrays = Arrays.of(problem, manager, format);
        LinearCrossEntropyGradients<NDArray> all =
            org.stableops.djl.LinearCrossEntropy.valueAndGradients(
                arrays.hidden,
                arrays.weight,
                arrays.bias,
                arrays.labels,
                arrays.sampleWeights,
                problem.options());
        return new Results(
            DjlHost.doubles(all.loss()),
            DjlHost.doubles(all.hidden()),
            DjlHost.doubles(all.weight()),
            all.bias() == null ? null : DjlHost.doubles(all.bias()));
      }
    }

    @Override
    public Results gaussNewton(LinearCase problem, LinearCase.Direction v, Format format) {
      try (NDManager manager = NDManager.newBaseManager()) {
        Arrays arrays = Arrays.of(problem, manager, format);
        LinearCrossEntropyDirection<NDArray> product =
            org.stableops.djl.LinearCrossEntropy.gaussNewtonProduct(
                arrays.hidden,
                arrays.weight,
                arrays.bias,
                arrays.labels,
                arrays.sampleWeights,
                new LinearCrossEntropyDirection<>(
                    like(arrays.hidden, v.hidden(), format),
                    like(arrays.weight, v.weight(), format),
                    like(arrays.bias, v.bias(), format)),
                problem.options());
        return new Results(
            null,
            DjlHost.doubles(product.hidden()),
            DjlHost.doubles(product.weight()),
            product.bias() == null ? null : DjlHost.doubles(product.bias()));
      }
    }

    private static NDArray like(NDArray array, double[] numbers, Format format) {
      return numbers == null
          ? null
          : DjlHost.array(array.getManager(), numbers, format).reshape(array.getShape());
    }

    @Override
    public Results backprop(
        LinearCase problem, Format format, double[] upstream, Set<Argument> trained) {
      try (NDManager manager = NDManager.newBaseManager()) {
        Arrays arrays = Arrays.of(problem, manager, format);
        trained.forEach(argument -> arrays.get(argument).setRequiresGradient(true));
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          NDArray loss = arrays.value(problem);
          NDArray u = DjlHost.array(manager, upstream, format).reshape(loss.getShape());
          collector.backward(loss.mul(u));
          return new Results(
              DjlHost.doubles(loss),
              gradient(arrays, Argument.HIDDEN, trained),
              gradient(arrays, Argument.WEIGHT, trained),
              gradient(arrays, Argument.BIAS, trained));
        }
      }
    }

    private static double[] gradient(Arrays arrays, Argument argument, Set<Argument> trained) {
      return trained.contains(argument)
          ? DjlHost.doubles(arrays.get(argument).getGradient())
          : null;
    }
  }

  /** ND4J and SameDiff. */
  final class Nd4jArrays implements LinearHost {
    private final Nd4jHost host = new Nd4jHost();

    @Override
    public String name() {
      return host.name();
    }

    @Override
    public List<Format> formats() {
      return host.formats();
    }

    private static INDArray hidden(LinearCase problem, Format format) {
      return Nd4jHost.array(problem.hidden(), format)
          .reshape(problem.tokens(), problem.dimension());
    }

    private static INDArray weight(LinearCase problem, Format format) {
      return Nd4jHost.array(problem.weight(), format)
          .reshape(problem.classes(), problem.dimension());
    }

    private static INDArray bias(LinearCase problem, Format format) {
      return problem.bias() == null ? null : Nd4jHost.array(problem.bias(), format);
    }

    private static INDArray labels(LinearCase problem) {
      return Nd4j.createFromArray(problem.labels());
    }

    private static INDArray sampleWeights(LinearCase problem) {
      return problem.sampleWeights() == null
          ? null
          : Nd4j.createFromArray(problem.sampleWeights()).castTo(DataType.DOUBLE);
    }

    @Override
    public double[] value(LinearCase problem, Format format) {
      return Nd4jHost.doubles(
          org.stableops.nd4j.LinearCrossEntropy.value(
              hidden(problem, format),
              weight(problem, format),
              bias(problem, format),
              labels(problem),
              sampleWeights(problem),
              problem.options()));
    }

    @Override
    public Results compute(LinearCase problem, Format format) {
      LinearCrossEntropyGradients<INDArray> all =
          org.stableops.nd4j.LinearCrossEntropy.valueAndGradients(
              hidden(problem, format),
              weight(problem, format),
              bias(problem, format),
              labels(problem),
              sampleWeights(problem),
              problem.options());
      return new Results(
          Nd4jHost.doubles(all.loss()),
          Nd4jHost.doubles(all.hidden()),
          Nd4jHost.doubles(all.weight()),
          all.bias() == null ? null : Nd4jHost.doubles(all.bias()));
    }

    @Override
    public Results gaussNewton(LinearCase problem, LinearCase.Direction v, Format format) {
      INDArray h = hidden(problem, format);
      INDArray w = weight(problem, format);
      INDArray b = bias(problem, format);
      LinearCrossEntropyDirection<INDArray> product =
          org.stableops.nd4j.LinearCrossEntropy.gaussNewtonProduct(
              h,
              w,
              b,
              labels(problem),
              sampleWeights(problem),
              new LinearCrossEntropyDirection<>(
                  like(h, v.hidden(), format),
                  like(w, v.weight(), format),
                  like(b, v.bias(), format)),
              problem.options());
      return new Results(
          null,
          Nd4jHost.doubles(product.hidden()),
          Nd4jHost.doubles(product.weight()),
          product.bias() == null ? null : Nd4jHost.doubles(product.bias()));
    }

    private static INDArray like(INDArray array, double[] numbers, Format format) {
      return numbers == null ? null : Nd4jHost.array(numbers, format).reshape(array.shape());
    }

    @Override
    public Results backprop(
        LinearCase problem, Format format, double[] upstream, Set<Argument> trained) {
      SameDiff graph = SameDiff.create();
      SDVariable weights =
          problem.sampleWeights() == null ? null : graph.constant(sampleWeights(problem));
      SDVariable loss =
          org.stableops.nd4j.LinearCrossEntropy.value(
              variable(graph, Argument.HIDDEN, hidden(problem, format), trained),
              variable(graph, Argument.WEIGHT, weight(problem, format), trained),
              variable(graph, Argument.BIAS, bias(problem, format), trained),
              graph.constant(labels(problem)),
              weights,
              problem.options());
      INDArray u = Nd4jHost.array(upstream, format);
      INDArray shaped = problem.options().reduction() == Reduction.NONE ? u : u.reshape();
      loss.mul(graph.constant(shaped)).rename("loss");
      graph.setLossVariables("loss");
      String[] names = trained.stream().map(Argument::name).toArray(String[]::new);
      Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), names);
      return new Results(
          Nd4jHost.doubles(loss.eval()),
          gradient(gradients, Argument.HIDDEN),
          gradient(gradients, Argument.WEIGHT),
          gradient(gradients, Argument.BIAS));
    }

    /** A constant if it is frozen. */
    private static SDVariable variable(
        SameDiff graph, Argument argument, INDArray array, Set<Argument> trained) {
      if (array == null) {
        return null;
      }
      return trained.contains(argument)
          ? graph.var(argument.name(), array)
          : graph.constant(argument.name(), array);
    }

    private static double[] gradient(Map<String, INDArray> gradients, Argument argument) {
      INDArray gradient = gradients.get(argument.name());
      return gradient == null ? null : Nd4jHost.doubles(gradient);
    }
  }
}
