package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.demo.Digits;
import org.stableops.integration.host.DjlHost;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/**
 * An autoencoder of the digits whose code is one of a few symbols, drawn by Gumbel-softmax, at a
 * temperature that is learned too: trained in both hosts with the same noise.
 */
@Tag("thorough")
class DiscreteBottleneckTest {
  private static final int SYMBOLS = 16;
  private static final int BATCH = 100;
  private static final double RATE = 0.05;
  private static final int STEPS = Effort.of(25, 100);
  private static final double[] PIXELS = Digits.load().training().pixels();

  /** What is learned; all start from the same numbers. */
  private static Map<String, double[]> start() {
    SplittableRandom random = new SplittableRandom(11);
    Map<String, double[]> start = new LinkedHashMap<>();
    start.put("encoder", random.doubles(Digits.PIXELS * SYMBOLS, -0.3, 0.3).toArray());
    start.put("decoder", random.doubles(SYMBOLS * Digits.PIXELS, -0.3, 0.3).toArray());
    start.put("bias", new double[Digits.PIXELS]);
    // Of softplus: a temperature of 1.
    start.put("raw", new double[] {Math.log(Math.E - 1)});
    return start;
  }

  private static long[] shape(String name) {
    return switch (name) {
      case "encoder" -> new long[] {Digits.PIXELS, SYMBOLS};
      case "decoder" -> new long[] {SYMBOLS, Digits.PIXELS};
      case "bias" -> new long[] {Digits.PIXELS};
      default -> new long[] {1};
    };
  }

  private static double[] batch(int step) {
    int batches = PIXELS.length / Digits.PIXELS / BATCH;
    int size = BATCH * Digits.PIXELS;
    int from = step % batches * size;
    return Arrays.copyOfRange(PIXELS, from, from + size);
  }

  /** A model in a host. */
  private interface Autoencoder extends AutoCloseable {
    /** Does a step of gradient descent with the noise of a seed; returns the loss before it. */
    double step(double[] pixels, long seed);

    double temperature();

    @Override
    void close();
  }

  private static final class InDjl implements Autoencoder {
    private final NDManager manager = NDManager.newBaseManager();
    private final Map<String, NDArray> learned = new LinkedHashMap<>();
    private final Format format;
    private final boolean isHard;

    InDjl(Format format, boolean isHard) {
      this.format = format;
      this.isHard = isHard;
      start()
          .forEach(
              (name, numbers) -> {
                NDArray array =
                    DjlHost.array(manager, numbers, format)
                        .reshape(new Shape(shape(name)))
                        .duplicate();
                array.setRequiresGradient(true);
                learned.put(name, array);
              });
    }

    NDArray loss(double[] pixels, long seed) {
      NDArray x = DjlHost.array(manager, pixels, format).reshape(BATCH, Digits.PIXELS);
      NDArray logits = x.matMul(learned.get("encoder"));
      NDArray noise = org.stableops.djl.GumbelSoftmax.gumbels(logits, seed);
      NDArray tau = org.stableops.djl.Softplus.value(learned.get("raw"));
      NDArray code =
          isHard
              ? org.stableops.djl.GumbelSoftmax.hard(logits, noise, tau)
              : org.stableops.djl.GumbelSoftmax.value(logits, noise, tau);
      NDArray error = code.matMul(learned.get("decoder")).add(learned.get("bias")).sub(x);
      // Without numbers of Java, which autograd may lose to the garbage collector.
      NDArray scale = DjlHost.array(manager, new double[] {1.0 / BATCH}, format);
      return error.mul(error).sum().mul(scale).sum();
    }

    @Override
    public double step(double[] pixels, long seed) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        double loss;
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          collector.zeroGradients();
          NDArray value = loss(pixels, seed);
          collector.backward(value);
          loss = DjlHost.doubles(value)[0];
        }
        for (NDArray array : learned.values()) {
          array.stopGradient().subi(array.getGradient().mul(RATE));
        }
        return loss;
      }
    }

    @Override
    public double temperature() {
      return DjlHost.doubles(org.stableops.djl.Softplus.value(learned.get("raw")))[0];
    }

    @Override
    public void close() {
      manager.close();
    }
  }

  private static final class InSameDiff implements Autoencoder {
    private final SameDiff graph = SameDiff.create();
    private final Format format;

    InSameDiff(Format format, boolean isHard) {
      this.format = format;
      start().forEach((name, numbers) -> graph.var(name, array(numbers, shape(name))));
      SDVariable x = graph.placeHolder("x", Nd4jHost.type(format), BATCH, Digits.PIXELS);
      SDVariable noise = graph.placeHolder("noise", Nd4jHost.type(format), BATCH, SYMBOLS);
      SDVariable logits = x.mmul(graph.getVariable("encoder"));
      SDVariable tau = org.stableops.nd4j.Softplus.value(graph.getVariable("raw"));
      SDVariable code =
          isHard
              ? org.stableops.nd4j.GumbelSoftmax.hard(logits, noise, tau)
              : org.stableops.nd4j.GumbelSoftmax.value(logits, noise, tau);
      SDVariable decoded = code.mmul(graph.getVariable("decoder"));
      SDVariable error = decoded.add(graph.getVariable("bias")).sub(x);
      error.mul(error).sum().mul(1.0 / BATCH).rename("loss");
      tau.rename("tau");
      graph.setLossVariables("loss");
    }

    private INDArray array(double[] numbers, long... shape) {
      return Nd4j.createFromArray(numbers).castTo(Nd4jHost.type(format)).reshape(shape);
    }

    @Override
    public double step(double[] pixels, long seed) {
      INDArray like = Nd4j.zeros(Nd4jHost.type(format), BATCH, SYMBOLS);
      Map<String, INDArray> inputs =
          Map.of(
              "x", array(pixels, BATCH, Digits.PIXELS),
              "noise", org.stableops.nd4j.GumbelSoftmax.gumbels(like, seed));
      double loss = graph.output(inputs, "loss").get("loss").getDouble(0);
      String[] names = start().keySet().toArray(String[]::new);
      Map<String, INDArray> gradients = graph.calculateGradients(inputs, names);
      for (String name : names) {
        graph.getVariable(name).getArr().subi(gradients.get(name).mul(RATE));
      }
      return loss;
    }

    @Override
    public double temperature() {
      return org.stableops.nd4j.Softplus.value(graph.getVariable("raw").getArr()).getDouble(0);
    }

    @Override
    public void close() {}
  }

  static Stream<Arguments> settings() {
    return Stream.of(Path.values())
        .flatMap(
            path ->
                Stream.of(
                    Arguments.of(path, Format.FLOAT64, false, 1e-9),
                    Arguments.of(path, Format.FLOAT64, true, 1e-9),
                    Arguments.of(path, Format.FLOAT32, false, 1e-3)));
  }

  /** Of float32 the rounding of two thousand products a step is amplified by all later steps. */
  @ParameterizedTest
  @MethodSource("settings")
  void bothHostsLearnTheSame(Path path, Format format, boolean isHard, double bar) {
    double[] losses = new double[STEPS];
    double farthest = 0;
    try (Autoencoder djl = new InDjl(format, isHard);
        Autoencoder sameDiff = new InSameDiff(format, isHard)) {
      for (int step = 0; step < STEPS; step++) {
        double[] pixels = batch(step);
        long seed = step;
        losses[step] = path.run(() -> djl.step(pixels, seed));
        double other = path.run(() -> sameDiff.step(pixels, seed));
        double distance = Math.abs(losses[step] - other) / losses[step];
        farthest = Math.max(farthest, distance);
        assertTrue(distance <= bar, "step " + step + ": " + losses[step] + ", " + other);
      }
      assertEquals(djl.temperature(), sameDiff.temperature(), bar);
      assertTrue(Math.abs(djl.temperature() - 1) > 1e-3, "the temperature is learned");
      double before = Arrays.stream(losses, 0, 10).average().orElseThrow();
      double after = Arrays.stream(losses, STEPS - 10, STEPS).average().orElseThrow();
      System.out.printf(
          "discrete bottleneck, %s %s %s: loss %.3f to %.3f, temperature %.3f, differs by %.1e%n",
          path, format, isHard ? "hard" : "soft", before, after, djl.temperature(), farthest);
      assertTrue(after < 0.8 * before, before + " to " + after);
    }
  }

  /** Of the soft model: the hard one is a step function. */
  @ParameterizedTest
  @EnumSource(Path.class)
  void theGradientIsThatOfFiniteDifferences(Path path) {
    path.run(
        () -> {
          checkGradient();
          return null;
        });
  }

  private static void checkGradient() {
    double[] pixels = batch(0);
    double step = 1e-5;
    try (InDjl djl = new InDjl(Format.FLOAT64, false);
        GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(djl.loss(pixels, 1));
      for (String name : new String[] {"encoder", "raw"}) {
        NDArray array = djl.learned.get(name);
        double[] gradient = DjlHost.doubles(array.getGradient());
        double[] numbers = DjlHost.doubles(array);
        double largest = Arrays.stream(gradient).map(Math::abs).max().orElseThrow();
        assertTrue(largest > 1e-3, name);
        for (int i = 0; i < numbers.length; i += 37) {
          double difference =
              lossAt(djl, array, numbers, i, step) - lossAt(djl, array, numbers, i, -step);
          assertEquals(difference / (2 * step), gradient[i], 1e-7 * largest, name + " " + i);
        }
      }
    }
  }

  private static double lossAt(InDjl djl, NDArray array, double[] numbers, int i, double step) {
    double[] moved = numbers.clone();
    moved[i] += step;
    set(djl, array, moved);
    double loss = DjlHost.doubles(djl.loss(batch(0), 1))[0];
    set(djl, array, numbers);
    return loss;
  }

  /** Past the graph. */
  private static void set(InDjl djl, NDArray array, double[] numbers) {
    NDArray changed = djl.manager.create(numbers, array.getShape());
    array.stopGradient().set(new NDIndex("..."), changed);
  }
}
