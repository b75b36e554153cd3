package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleSupplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * What a step of gradient descent at rate 1 takes from the parameters, beside finite differences of
 * the score: the gradient with all that regularizations did to it.
 */
final class Dl4jSteps {
  private Dl4jSteps() {}

  static void assertRight(MultiLayerNetwork net, DataSet data) {
    assertRight(net, () -> net.score(data, false), () -> net.fit(data));
  }

  static void assertRight(ComputationGraph graph, DataSet data) {
    assertRight(graph, () -> graph.score(data, false), () -> graph.fit(data));
  }

  private static void assertRight(Model model, DoubleSupplier score, Runnable step) {
    INDArray parameters = model.params();
    double[] numeric = new double[(int) parameters.length()];
    int[] checked = Dl4jGradients.some(model);
    for (int i : checked) {
      double old = parameters.getDouble(i);
      parameters.putScalar(i, old + Dl4jGradients.STEP);
      double above = score.getAsDouble();
      parameters.putScalar(i, old - Dl4jGradients.STEP);
      double below = score.getAsDouble();
      parameters.putScalar(i, old);
      numeric[i] = (above - below) / (2 * Dl4jGradients.STEP);
    }
    double[] before = Elements.of(parameters);
    step.run();
    double[] after = Elements.of(model.params());
    double largest = 0;
    for (int i : checked) {
      double taken = before[i] - after[i];
      double tolerance = 1e-6 * Math.abs(numeric[i]) + 1e-9;
      assertEquals(numeric[i], taken, tolerance, "parameter " + i + " of " + numeric.length);
      largest = Math.max(largest, Math.abs(taken));
    }
    assertTrue(largest > 1e-3, "a gradient of zeros would prove nothing");
  }
}
