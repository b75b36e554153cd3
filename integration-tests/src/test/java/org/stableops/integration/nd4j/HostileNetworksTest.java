package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.layers.PositiveScaleLayer;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.samediff.PositiveVariable;
import org.stableops.nd4j.weights.PositiveWeights;

/**
 * Files of DL4J and SameDiff that hold what this library adds, damaged: they are refused with an
 * exception, or what is loaded computes the bits of what was saved. The hosts read into objects of
 * their own, so that nothing of the caller's can be half loaded.
 */
final class HostileNetworksTest {
  private static final int CUTS = 150;
  private static final int WRONG_BITS = 500;

  /** With the highest bit of its exponent 0, which makes NaN of it when it is flipped. */
  private static final double B = 1.59375;

  private static final String CONFIGURATION = "configuration.json";
  private static final String COEFFICIENTS = "coefficients.bin";

  private static final INDArray INPUT = Nd4j.linspace(DataType.FLOAT, -2, 0.5, 12).reshape(3, 4);

  private static byte[] network;
  private static double[] expected;
  private static double[] parameters;
  private static double[] updaterState;

  @TempDir private Path directory;
  private int withoutState;

  private static MultiLayerNetwork network(int hidden) {
    PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
    MultiLayerNetwork made =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Adam(0.01))
                .activation(new ActivationSquareplus(2))
                .list()
                .layer(positive.on(new DenseLayer.Builder().nIn(4).nOut(hidden).build()))
                .layer(new PositiveScaleLayer.Builder().nIn(hidden).nOut(hidden).build())
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(hidden)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    made.init();
    made.fit(INPUT, Nd4j.eye(3).castTo(DataType.FLOAT));
    return made;
  }

  private static byte[] saved(MultiLayerNetwork network) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ModelSerializer.writeModel(network, bytes, true);
    return bytes.toByteArray();
  }

  @BeforeAll
  static void save() throws IOException {
    MultiLayerNetwork made = network(5);
    network = saved(made);
    expected = Elements.of(made.output(INPUT));
    parameters = Elements.of(made.params());
    updaterState = Elements.of(made.getUpdater().getStateViewArray());
  }

  /** What is wrong, or nothing where a network is loaded; an Error is neither. */
  private Optional<Exception> load(byte[] file) throws IOException {
    Path path = directory.resolve("network.zip");
    Files.write(path, file);
    MultiLayerNetwork loaded;
    try {
      loaded = MultiLayerNetwork.load(path.toFile(), true);
    } catch (IOException | RuntimeException e) {
      return Optional.of(e);
    }
    assertArrayEquals(expected, Elements.of(loaded.output(INPUT)));
    assertArrayEquals(parameters, Elements.of(loaded.params()));
    double[] state = Elements.of(loaded.getUpdater().getStateViewArray());
    if (!Arrays.equals(updaterState, state)) {
      // To DL4J a file need not have one, so that it starts anew where the entry's name is lost.
      assertTrue(Arrays.stream(state).allMatch(number -> number == 0), "state of the updater");
      withoutState++;
    }
    return Optional.empty();
  }

  @Test
  void aWholeFileIsLoaded() throws IOException {
    assertTrue(load(network).isEmpty());
  }

  @Test
  void aTornFileIsRefused() throws IOException {
    for (int cut = 0; cut < CUTS; cut++) {
      int length = (int) ((long) network.length * cut / CUTS);
      // An end that only lists what is in the file is no loss, if the host does not need it.
      load(Arrays.copyOf(network, length));
    }
    assertTrue(load(Arrays.copyOf(network, network.length / 2)).isPresent());
  }

  /** The file with one of its entries replaced. */
  private static byte[] with(String entry, byte[] content) throws IOException {
    Map<String, byte[]> entries = entries(network);
    assertTrue(entries.containsKey(entry), entries.keySet().toString());
    entries.put(entry, content);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> each : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(each.getKey()));
        zip.write(each.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> entries(byte[] file) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(file))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  private void assertRefused(String inConfiguration, String replacement, String... message)
      throws IOException {
    String json = new String(entries(network).get(CONFIGURATION), StandardCharsets.UTF_8);
    assertTrue(json.contains(inConfiguration), json);
    byte[] wrong = json.replace(inConfiguration, replacement).getBytes(StandardCharsets.UTF_8);
    String actual = causes(load(with(CONFIGURATION, wrong)).orElseThrow());
    for (String part : message) {
      assertTrue(actual.contains(part), actual);
    }
  }

  private static String causes(Throwable thrown) {
    StringBuilder all = new StringBuilder();
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      all.append(t).append('\n');
    }
    return all.toString();
  }

  @Test
  void anotherClassIsNamed() throws IOException {
    assertRefused("ActivationSquareplus", "ActivationOfTomorrow", "ActivationOfTomorrow");
    assertRefused("LossFusedSoftmaxCrossEntropy", "LossOfTomorrow", "LossOfTomorrow");
    assertRefused("PositiveScaleLayer", "LayerOfTomorrow", "LayerOfTomorrow");
  }

  @Test
  void anInvalidParameterIsNamed() throws IOException {
    assertRefused("\"b\" : 2.0", "\"b\" : -1.0", "b must be finite and >= 0", "-1.0");
    assertRefused("\"b\" : 2.0", "\"b\" : \"NaN\"", "b must be finite and >= 0", "NaN");
    assertRefused("\"SOFTPLUS\"", "\"CUBEPLUS\"", "CUBEPLUS");
  }

  @Test
  void parametersOfAnotherNetworkAreRefused() throws IOException {
    byte[] others = entries(saved(network(6))).get(COEFFICIENTS);
    assertTrue(load(with(COEFFICIENTS, others)).isPresent());
    byte[] own = entries(network).get(COEFFICIENTS);
    for (int length = 0; length < own.length; length += 1 + own.length / 40) {
      assertTrue(load(with(COEFFICIENTS, Arrays.copyOf(own, length))).isPresent(), "of " + length);
    }
  }

  /** A zip knows the check sums of what is in it. */
  @Test
  void aWrongBitIsNoticed() throws IOException {
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < WRONG_BITS; i++) {
      refused += load(withWrongBit(network, random)).isPresent() ? 1 : 0;
    }
    System.out.printf(
        "networks with a wrong bit: %d of %d refused, %d whole, %d without the updater's state%n",
        refused, WRONG_BITS, WRONG_BITS - refused - withoutState, withoutState);
    assertTrue(refused > WRONG_BITS / 2, refused + " of " + WRONG_BITS);
  }

  private static byte[] withWrongBit(byte[] whole, Random random) {
    byte[] wrong = whole.clone();
    wrong[random.nextInt(wrong.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
    return wrong;
  }

  /** A graph with a positive variable and an operator. */
  private byte[] savedGraph() throws IOException {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.constant("x", INPUT);
    PositiveVariable scale = PositiveVariable.create(graph, "scale", PositiveTransform.exp(), 1);
    Squareplus.value(x.mul(scale.value()), B).rename("y");
    graph.save(graphFile().toFile(), true);
    return Files.readAllBytes(graphFile());
  }

  private Path graphFile() {
    return directory.resolve("graph.fb");
  }

  /** The result of a graph, or nothing where it is refused. */
  private Optional<double[]> evaluated(byte[] graph) throws IOException {
    try {
      return Optional.of(evaluate(graph));
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  private double[] evaluate(byte[] graph) throws IOException {
    Files.write(graphFile(), graph);
    return Elements.of(SameDiff.load(graphFile().toFile(), true).getVariable("y").eval());
  }

  @Test
  void aTornGraphIsRefused() throws IOException {
    byte[] whole = savedGraph();
    double[] values = evaluate(whole);
    int refused = 0;
    for (int cut = 0; cut < CUTS; cut++) {
      Optional<double[]> cutShort =
          evaluated(Arrays.copyOf(whole, (int) ((long) whole.length * cut / CUTS)));
      if (cutShort.isPresent()) {
        assertArrayEquals(values, cutShort.get(), "cut " + cut);
      } else {
        refused++;
      }
    }
    System.out.printf("torn graphs: %d of %d refused%n", refused, CUTS);
    assertTrue(refused > CUTS / 2, refused + " of " + CUTS);
  }

  /** Of other bits SameDiff's own reader makes arrays of wrong shapes, which may end the JVM. */
  @Test
  void aWrongBitOfAParameterIsSeenOrMakesAnotherParameter() throws IOException {
    byte[] whole = savedGraph();
    int place = indexOf(B, whole);
    int refused = 0;
    for (int bit = 0; bit < Long.SIZE; bit++) {
      byte[] wrong = whole.clone();
      ByteBuffer number = ByteBuffer.wrap(wrong, place, Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      number.putLong(place, number.getLong(place) ^ (1L << bit));
      double b = number.getDouble(place);
      if (Double.isFinite(b) && b >= 0) {
        // The scale is 1.
        assertArrayEquals(Elements.of(Squareplus.value(INPUT, b)), evaluate(wrong), "b = " + b);
      } else {
        refused++;
        String actual = causes(assertThrows(RuntimeException.class, () -> evaluate(wrong)));
        assertTrue(actual.contains("b must be finite and >= 0, got " + b), actual);
      }
    }
    assertEquals(2, refused, "the sign, and NaN");
  }

  private static int indexOf(double number, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return IntStream.rangeClosed(0, bytes.length - Double.BYTES)
        .filter(at -> buffer.getDouble(at) == number)
        .findFirst()
        .orElseThrow();
  }
}
