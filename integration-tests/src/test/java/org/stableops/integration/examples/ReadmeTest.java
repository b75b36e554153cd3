package org.stableops.integration.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.djl.Softplus;

/** What the README and the docs show is what is compiled here, and does what it says. */
class ReadmeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  @ParameterizedTest
  @CsvSource({
    "README.md, DjlExample",
    "README.md, Dl4jExample",
    "docs/cross-entropy.md, OptionsExample",
    "docs/curvature.md, CurvatureDjlExample",
    "docs/curvature.md, CurvatureSameDiffExample",
    "docs/curvature.md, NewtonDjlExample",
    "docs/curvature.md, NewtonNd4jExample",
    "docs/discrete.md, DiscreteDjlExample",
    "docs/discrete.md, DiscreteDl4jExample",
    "docs/losses.md, CountsExample",
    "docs/positive.md, PositiveDjlExample",
    "docs/positive.md, PositiveNd4jExample",
  })
  void showsTheExamples(String page, String example) throws IOException {
    String shown = squeezed(Files.readString(ROOT.resolve(page)));
    for (String part : parts(example)) {
      assertTrue(shown.contains(squeezed(part)), page + " must show " + example + part);
    }
  }

  /** The lines between two comments each. */
  private static List<String> parts(String example) throws IOException {
    String source =
        Files.readString(
            ROOT.resolve(
                "integration-tests/src/test/java/org/stableops/integration/examples/"
                    + example
                    + ".java"));
    return Pattern.compile("// README:[^\\n]*\\n(.*?)// end", Pattern.DOTALL)
        .matcher(source)
        .results()
        .map(result -> result.group(1))
        .toList();
  }

  /** The pages break lines as a reader likes them, the formatter as it does. */
  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }

  @Test
  void theDjlExamplePrintsWhatItSays() {
    String printed = printed(() -> DjlExample.main(new String[0]));
    assertTrue(printed.contains("0.0136"), printed);
    assertTrue(printed.contains("4.1223074E-9"), printed);
  }

  @Test
  void theDl4jExampleLearns() {
    String printed = printed(() -> Dl4jExample.main(new String[0]));
    String[] lines = printed.strip().split("\\s+");
    assertTrue(Double.parseDouble(lines[lines.length - 1]) < 0.3, printed);
  }

  @Test
  void theCountExamplesPrintWhatTheySay() {
    String printed = printed(CountsExample::poisson) + printed(CountsExample::negativeBinomial);
    for (String number : List.of("0.0, 0.43", ", 2.45", "0.9625", "2.7146", "0.1265")) {
      assertTrue(printed.contains(number), printed);
    }
  }

  /** Four groups of two rows each. */
  private static final double[][] GROUPS = {
    {1, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0},
    {0, 0, 1, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 0, 0, 1}
  };

  private static final double[][] ANSWERS = {
    {1, 0, 1}, {1, 0, 1}, {0, 1, 1}, {0, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 0, 0}
  };

  private static final double[] COUNTS = {6, 10, 1, 3, 30, 50, 12, 18};
  private static final double[] HOURS = {2, 2, 1, 1, 5, 5, 3, 2};

  @Test
  void theDiscreteExamplesLearnInDjl() throws Exception {
    Engine.getInstance().setRandomSeed(1);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray features = manager.create(GROUPS).toType(DataType.FLOAT32, false);
      NDArray answers = manager.create(ANSWERS).toType(DataType.FLOAT32, false);
      assertEquals(answers.gt(0.5), DiscreteDjlExample.yesOrNo(features, answers));
      NDArray counts = manager.create(COUNTS).toType(DataType.FLOAT32, false).reshape(8, 1);
      NDArray hours = manager.create(HOURS).toType(DataType.FLOAT32, false).reshape(8, 1);
      assertRates(
          new double[] {4, 4, 2, 2, 8, 8, 6, 6},
          DiscreteDjlExample.poisson(features, counts, hours).toFloatArray());
      assertRates(
          new double[] {8, 8, 2, 2, 40, 40, 15, 15},
          DiscreteDjlExample.negativeBinomial(features, counts).toFloatArray());
      NDArray draws = DiscreteDjlExample.draw(manager.zeros(new Shape(1000, 2)), 1, 0.5);
      assertEquals(manager.ones(new Shape(1000)), draws.max(new int[] {1}));
      assertEquals(500, draws.sum(new int[] {0}).getFloat(0), 60);
    }
  }

  private static void assertRates(double[] expected, float[] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 0.05 * expected[i]);
    }
  }

  @Test
  void theDiscreteExamplesLearnInDl4j() {
    INDArray features =
        Nd4j.createFromArray(GROUPS).castTo(org.nd4j.linalg.api.buffer.DataType.FLOAT);
    INDArray counts = Nd4j.createFromArray(COUNTS).reshape(8, 1);
    double accuracy =
        DiscreteDl4jExample.yesOrNo(
            new SingletonDataSetIterator(new DataSet(features, Nd4j.createFromArray(ANSWERS))));
    assertEquals(1, accuracy);
    double deviance = 0;
    double[] rates = {4, 4, 2, 2, 8, 8, 6, 6};
    for (int i = 0; i < 8; i++) {
      double mean = rates[i] * HOURS[i];
      deviance += 2 * (COUNTS[i] * Math.log(COUNTS[i] / mean) - COUNTS[i] + mean);
    }
    INDArray hours = Nd4j.createFromArray(HOURS).reshape(8, 1);
    assertEquals(deviance / 8, DiscreteDl4jExample.poisson(features, counts, hours), 1e-3);
    INDArray both =
        DiscreteDl4jExample.negativeBinomial(
            new SingletonDataSetIterator(new DataSet(features, counts)), features);
    assertRates(
        new double[] {8, 8, 2, 2, 40, 40, 15, 15}, both.getColumn(0).dup().data().asFloat());
    assertTrue(both.getColumn(1).minNumber().doubleValue() > 0);
  }

  /** Two cells of a table: the means of their counts; and two rows whose temperature is known. */
  @Test
  void theNewtonExamplesFindTheMinimum() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = manager.create(new double[][] {{1, 0}, {1, 0}, {1, 1}, {1, 1}});
      NDArray counts = manager.create(new double[] {2, 4, 5, 7});
      NDArray start = manager.create(new double[] {Math.log(4.5), 0});
      double[] found = NewtonDjlExample.coefficients(x, counts, start).toDoubleArray();
      assertEquals(Math.log(3), found[0], 1e-14);
      assertEquals(Math.log(2), found[1], 1e-14);
    }
    // Right in two of three with odds of e^{1.5/T}, so 1.5/T = log 2.
    INDArray logits = Nd4j.createFromArray(new double[][] {{1.5, 0}, {1.5, 0}, {1.5, 0}});
    INDArray labels = Nd4j.createFromArray(0, 0, 1);
    double temperature = NewtonNd4jExample.temperature(logits, labels);
    assertEquals(1.5 / Math.log(2), temperature, 1e-12);
  }

  /** One network in both frameworks, DJL's weights with the outputs first. */
  @Test
  void theExamplesOfWholeNetworksFindTheSameProduct() {
    double[] x = {0.5, -1, 2, 0.25, -0.75, 1};
    double[] w1 = {0.3, -0.2, 0.5, 0.1, 0.7, -0.4};
    double[] w2 = {1, -0.5, 0.25, 0.75, -1, 0.5};
    double[] v1 = {1, 2, -1, 0.5, 0, -2};
    double[] v2 = {-1, 0.5, 2, 1, -0.5, 0.25};
    SameDiff graph = SameDiff.create();
    Map<String, INDArray> expected =
        CurvatureSameDiffExample.product(
            graph,
            graph.constant(Nd4j.createFromArray(x).reshape(3, 2)),
            graph.constant(Nd4j.createFromArray(0, 1, 1)),
            graph.var("w1", Nd4j.createFromArray(w1).reshape(2, 3)),
            graph.var("w2", Nd4j.createFromArray(w2).reshape(3, 2)),
            graph.constant(Nd4j.createFromArray(v1).reshape(2, 3)),
            graph.constant(Nd4j.createFromArray(v2).reshape(3, 2)));
    try (NDManager manager = NDManager.newBaseManager()) {
      SequentialBlock network =
          new SequentialBlock()
              .add(Linear.builder().setUnits(3).optBias(false).build())
              .add(Softplus.block())
              .add(Linear.builder().setUnits(2).optBias(false).build());
      network.initialize(manager, DataType.FLOAT64, new Shape(3, 2));
      NDList weights = new NDList();
      network.getParameters().values().forEach(each -> weights.add(each.getArray()));
      weights.get(0).set(manager.create(w1, new Shape(2, 3)).transpose().toByteBuffer());
      weights.get(1).set(manager.create(w2, new Shape(3, 2)).transpose().toByteBuffer());
      NDList product =
          CurvatureDjlExample.product(
              network,
              new ParameterStore(manager, false),
              new NDList(manager.create(x, new Shape(3, 2))),
              manager.create(new long[] {0, 1, 1}),
              weights,
              new NDList(
                  manager.create(v1, new Shape(2, 3)).transpose(),
                  manager.create(v2, new Shape(3, 2)).transpose()));
      for (int layer = 0; layer < 2; layer++) {
        double[] ofSameDiff = expected.get(layer == 0 ? "w1" : "w2").dup('c').data().asDouble();
        double[] ofDjl = product.get(layer).transpose().toDoubleArray();
        assertArrayEquals(ofSameDiff, ofDjl, 1e-14);
      }
    }
  }

  /** The second row is masked out, the third ignored; by hand, of the logits 0, 0, 0. */
  @Test
  void theOptionsAreThoseOfTheirComments() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = manager.zeros(new Shape(3, 3), DataType.FLOAT64);
      NDArray labels = manager.create(new long[] {1, 7, -100});
      NDArray mask = manager.create(new boolean[] {true, false, true});
      double lse = Math.log(3);
      double smoothed = 0.9 * 2 + 0.1 / 3 * (1 + 2 + 0.5);
      double loss = (smoothed * lse + 1e-4 * 2 * lse * lse) / 2;
      assertEquals(loss, OptionsExample.loss(logits, labels, mask).getDouble(), 1e-15);
    }
  }

  @Test
  void thePositiveExamplesAreWhatTheySay(@TempDir Path directory) throws IOException {
    assertEquals(0.7, PositiveDjlExample.save(directory)[0], 1e-7);
    assertTrue(Files.exists(directory.resolve("increasing-block.json")));
    try (INDArray weights = PositiveNd4jExample.weights()) {
      assertTrue(weights.minNumber().doubleValue() > 0);
    }
    assertEquals(0.5, PositiveNd4jExample.deviation(SameDiff.create()).getDouble(0), 1e-7);
  }

  private static String printed(Runnable main) {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      main.run();
    } finally {
      System.setOut(out);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
