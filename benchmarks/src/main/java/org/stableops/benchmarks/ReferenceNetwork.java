package org.stableops.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A network in double precision, which says what the others must compute. */
final class ReferenceNetwork {
  static final double LEARNING_RATE = 0.01;

  /** A dense layer; its input and weights are row-major. */
  private static final class Dense {
    private final int inputs;
    private final int outputs;
    private final double[] weights;
    private final double[] biases;
    private double[] x;

    Dense(int inputs, int outputs) {
      this.inputs = inputs;
      this.outputs = outputs;
      weights = toDouble(NetworkShape.weights(inputs, outputs));
      biases = new double[outputs];
    }

    double[] forward(double[] input) {
      x = input;
      int rows = x.length / inputs;
      double[] y = new double[rows * outputs];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(biases, 0, y, row * outputs, outputs);
        for (int i = 0; i < inputs; i++) {
          addScaled(x[row * inputs + i], weights, i * outputs, y, row * outputs, outputs);
        }
      }
      return y;
    }

    /** Takes the gradient to the outputs, returns that to the inputs, and makes a step. */
    double[] backward(double[] upstream) {
      int rows = x.length / inputs;
      double[] gradient = new double[x.length];
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < inputs; i++) {
          gradient[row * inputs + i] =
              product(upstream, row * outputs, weights, i * outputs, outputs);
        }
      }
      for (int row = 0; row < rows; row++) {
        addScaled(-LEARNING_RATE, upstream, row * outputs, biases, 0, outputs);
        for (int i = 0; i < inputs; i++) {
          double scale = -LEARNING_RATE * x[row * inputs + i];
          addScaled(scale, upstream, row * outputs, weights, i * outputs, outputs);
        }
      }
      return gradient;
    }
  }

  private final NetworkShape shape;
  private final NetworkKind kind;
  private final List<Dense> layers = new ArrayList<>();

  private ReferenceNetwork(NetworkShape shape, NetworkKind kind) {
    this.shape = shape;
    this.kind = kind;
    for (int i = 1; i < shape.widths().size(); i++) {
      layers.add(new Dense(shape.widths().get(i - 1), shape.widths().get(i)));
    }
  }

  /** The losses before each of some steps of plain gradient descent. */
  static double[] losses(NetworkShape shape, NetworkKind kind, int steps) {
    ReferenceNetwork network = new ReferenceNetwork(shape, kind);
    return IntStream.range(0, steps).mapToDouble(step -> network.step()).toArray();
  }

  private double step() {
    List<double[]> preActivations = new ArrayList<>();
    double[] x = toDouble(shape.features());
    for (Dense layer : layers) {
      double[] z = layer.forward(x);
      preActivations.add(z);
      x =
          IntStream.range(0, z.length)
              .mapToDouble(i -> kind.activation.applyAsDouble(z[i]))
              .toArray();
    }
    double[] gradient = preActivations.get(layers.size() - 1);
    double loss = lossAndGradient(gradient);
    for (int i = layers.size() - 1; i >= 0; i--) {
      gradient = layers.get(i).backward(gradient);
      for (int j = 0; i > 0 && j < gradient.length; j++) {
        gradient[j] *= kind.gradient.applyAsDouble(preActivations.get(i - 1)[j]);
      }
    }
    return loss;
  }

  /** Returns the mean loss, and puts its gradient in the place of the logits. */
  private double lossAndGradient(double[] logits) {
    int[] labels = shape.labels();
    double loss = 0;
    for (int row = 0; row < shape.batch(); row++) {
      int first = row * shape.classes();
      // The logits are small: nothing overflows.
      double sum = 0;
      for (int c = 0; c < shape.classes(); c++) {
        sum += Math.exp(logits[first + c]);
      }
      loss += Math.log(sum) - logits[first + labels[row]];
      for (int c = 0; c < shape.classes(); c++) {
        double target = c == labels[row] ? 1 : 0;
        logits[first + c] = (Math.exp(logits[first + c]) / sum - target) / shape.batch();
      }
    }
    return loss / shape.batch();
  }

  private static void addScaled(
      double scale, double[] x, int first, double[] to, int firstTo, int count) {
    for (int i = 0; i < count; i++) {
      to[firstTo + i] += scale * x[first + i];
    }
  }

  private static double product(double[] a, int firstA, double[] b, int firstB, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += a[firstA + i] * b[firstB + i];
    }
    return sum;
  }

  private static double[] toDouble(float[] x) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
  }
}
