package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.integration.Effort;

/** Finite differences of a network's score, for the host's own checker cannot be relied on. */
final class Dl4jGradients {
  static final double STEP = 1e-5;

  /** Of so many parameters of a long array one is checked. */
  private static final int OF = Effort.of(5, 1);

  /** Biases and other short arrays are checked whole. */
  private static final int SHORT = 12;

  private Dl4jGradients() {}

  /**
   * The places of the parameters that are checked: of every array some. If not all, one of the
   * first five, another of the next, and so on, which meets rows and columns of a matrix in turn.
   */
  static int[] some(Model model) {
    IntStream.Builder places = IntStream.builder();
    int start = 0;
    for (INDArray array : model.paramTable().values()) {
      int of = array.length() <= SHORT ? 1 : OF;
      for (int i = 0; i < array.length(); i++) {
        if (i % of == i / of % of) {
          places.add(start + i);
        }
      }
      start += (int) array.length();
    }
    assertEquals(model.params().length(), start);
    return places.build().toArray();
  }

  static void assertRight(MultiLayerNetwork net, INDArray x, INDArray labels, INDArray mask) {
    net.setInput(x);
    net.setLabels(labels);
    net.setLayerMaskArrays(null, mask);
    assertRight(
        net,
        () -> {
          net.computeGradientAndScore();
          return net.score();
        },
        x.size(0));
  }

  static void assertRight(ComputationGraph graph, INDArray x, INDArray... labels) {
    graph.setInputs(x);
    graph.setLabels(labels);
    assertRight(
        graph,
        () -> {
          graph.computeGradientAndScore();
          return graph.score();
        },
        x.size(0));
  }

  /** Compares the gradient of the score with respect to {@link #some some} parameters. */
  private static void assertRight(Model model, DoubleSupplier score, double minibatch) {
    score.getAsDouble();
    // The score is divided by the minibatch, the gradient only later, by the updater.
    double[] gradient = Elements.of(model.gradient().gradient().div(minibatch));
    INDArray parameters = model.params();
    assertEquals(parameters.length(), gradient.length);
    double largest = 0;
    for (int i : some(model)) {
      double old = parameters.getDouble(i);
      parameters.putScalar(i, old + STEP);
      double above = score.getAsDouble();
      parameters.putScalar(i, old - STEP);
      double below = score.getAsDouble();
      parameters.putScalar(i, old);
      double numeric = (above - below) / (2 * STEP);
      // Two scores near 1 leave an absolute error of about 1e-16/1e-5 in their difference.
      assertEquals(numeric, gradient[i], 1e-6 * Math.abs(numeric) + 1e-10, "parameter " + i);
      largest = Math.max(largest, Math.abs(gradient[i]));
    }
    assertTrue(largest > 1e-3, "a gradient of zeros would prove nothing");
  }
}
