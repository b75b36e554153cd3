package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.nd4j.GumbelSoftmax;

/** The Gumbel-softmax as registered ops of SameDiff. */
class SameDiffGumbelSoftmaxTest {
  private static final INDArray LOGITS =
      Nd4j.createFromArray(new double[][] {{0.3, -1, 2}, {4, 0, 1}});
  private static final INDArray GUMBELS = GumbelSoftmax.gumbels(LOGITS, 4);
  private static final INDArray UPSTREAM =
      Nd4j.createFromArray(new double[][] {{1, -2, 0.5}, {0, 3, 1}});

  /** Σ upstream·value, at a temperature that is a variable, or the number 0.7. */
  private static SameDiff graph(boolean isHard, boolean hasVariable) {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", LOGITS.dup());
    SDVariable g = graph.placeHolder("g", DataType.DOUBLE, 2, 3);
    SDVariable value;
    if (hasVariable) {
      SDVariable tau = graph.var("tau", Nd4j.createFromArray(0.7));
      value = isHard ? GumbelSoftmax.hard(z, g, tau) : GumbelSoftmax.value(z, g, tau);
    } else {
      value = isHard ? GumbelSoftmax.hard(z, g, 0.7) : GumbelSoftmax.value(z, g, 0.7);
    }
    value.rename("value").mul(graph.constant("u", UPSTREAM.dup())).rename("loss");
    graph.setLossVariables("loss");
    graph.createGradFunction("g");
    return graph;
  }

  private static void check(SameDiff graph, boolean isHard, boolean hasVariable) {
    Map<String, INDArray> inputs = Map.of("g", GUMBELS);
    INDArray tau = Nd4j.createFromArray(0.7);
    INDArray expected =
        isHard
            ? GumbelSoftmax.hard(LOGITS, GUMBELS, tau)
            : GumbelSoftmax.value(LOGITS, GUMBELS, tau);
    assertEquals(expected, graph.output(inputs, "value").get("value"));
    Map<String, INDArray> gradients = graph.calculateGradients(inputs, "z", "g");
    INDArray gradient = GumbelSoftmax.gradient(LOGITS, GUMBELS, 0.7, UPSTREAM);
    assertEquals(gradient, gradients.get("z"));
    assertEquals(gradient, gradients.get("g"));
    if (hasVariable) {
      assertEquals(
          GumbelSoftmax.temperatureGradient(LOGITS, GUMBELS, tau, UPSTREAM),
          graph.calculateGradients(inputs, "tau").get("tau"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void savesAndLoads(int kind, @TempDir Path directory) {
    boolean isHard = kind % 2 == 1;
    boolean hasVariable = kind > 1;
    SameDiff graph = graph(isHard, hasVariable);
    check(graph, isHard, hasVariable);
    check(graph.dup(), isHard, hasVariable);
    File file = directory.resolve("graph.fb").toFile();
    graph.save(file, true);
    check(SameDiff.load(file, true), isHard, hasVariable);
  }

  /** As a loss variable the value has an upstream gradient of one scalar. */
  @Test
  void mayBeTheLossItself() {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", LOGITS.dup());
    GumbelSoftmax.value(z, graph.constant(GUMBELS), 0.7).rename("loss");
    graph.setLossVariables("loss");
    // Probabilities add up to 1, whatever the logits.
    double[] gradient = Nd4jHost.doubles(graph.calculateGradients(Map.of(), "z").get("z"));
    assertArrayEquals(new double[6], gradient, 1e-15);
  }

  @Test
  void aTemperatureIsCheckedWhenItIsKnown() {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", LOGITS.dup());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> GumbelSoftmax.value(z, z, 0));
    assertEquals("temperature must be finite and > 0, got 0.0", e.getMessage());
    SDVariable value = GumbelSoftmax.value(z, z, graph.constant(Nd4j.scalar(-1.0)));
    assertThrows(IllegalArgumentException.class, value::eval);
  }
}
