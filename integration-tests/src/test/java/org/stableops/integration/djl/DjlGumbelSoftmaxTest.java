package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.stableops.djl.GumbelSoftmax;
import org.stableops.djl.OpDescription;
import org.stableops.djl.nn.PositiveParameter;

/** The Gumbel-softmax in DJL: layouts, graphs and blocks. */
class DjlGumbelSoftmaxTest extends OnBothPaths {
  private static final Shape SHAPE = new Shape(4, 5);

  private NDArray waves(int seed) {
    return Djl.waves(manager, DataType.FLOAT32, SHAPE, seed);
  }

  private NDArray forward(Block block, boolean training, NDArray... inputs) {
    return block
        .forward(new ParameterStore(manager, false), new NDList(inputs), training)
        .singletonOrThrow();
  }

  /** The same elements, columns first in memory. */
  private static NDArray view(NDArray array) {
    return array.transpose().duplicate().transpose();
  }

  @Test
  void anyLayoutOfAnyArgument() {
    NDArray z = waves(1);
    NDArray g = GumbelSoftmax.gumbels(z, 1);
    NDArray u = waves(2);
    NDArray expected = GumbelSoftmax.gradient(z, g, 0.5, u);
    Djl.assertSameArray(expected, GumbelSoftmax.gradient(view(z), g, 0.5, u));
    Djl.assertSameArray(expected, GumbelSoftmax.gradient(z, view(g), 0.5, view(u)));
    Djl.assertSameArray(GumbelSoftmax.hard(z, g, 0.5), GumbelSoftmax.hard(view(z), view(g), 0.5));
    double[] inGraph = Djl.gradient(view(z), x -> GumbelSoftmax.value(x, view(g), 0.5).mul(u));
    assertArrayEquals(Djl.doubles(expected), inGraph, 1e-6);
  }

  /** A learned scale of the noise learns. */
  @Test
  void noiseHasAGradientToo() {
    NDArray z = waves(1);
    NDArray g = GumbelSoftmax.gumbels(z, 1);
    NDArray u = waves(2);
    double[] toLogits = Djl.gradient(z, x -> GumbelSoftmax.hard(x, g, 0.5).mul(u));
    double[] toNoise = Djl.gradient(g, x -> GumbelSoftmax.hard(z, x, 0.5).mul(u));
    assertArrayEquals(toLogits, toNoise);
    double[] toBoth = Djl.gradient(z, x -> GumbelSoftmax.value(x, x, 0.5).mul(u));
    double[] ofTwice = Djl.gradient(z, x -> GumbelSoftmax.value(x, z, 0.5).mul(u));
    assertArrayEquals(Arrays.stream(ofTwice).map(x -> 2 * x).toArray(), toBoth, 1e-6);
  }

  @Test
  void aPositiveParameterLearnsTheTemperature() {
    NDArray z = waves(1);
    NDArray g = GumbelSoftmax.gumbels(z, 1);
    NDArray u = waves(2);
    PositiveParameter tau = PositiveParameter.builder().optValue(0.5).build();
    tau.initialize(manager, DataType.FLOAT32);
    ParameterStore store = new ParameterStore(manager, false);
    tau.raw().getArray().setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(GumbelSoftmax.value(z, g, tau.value(store, z, true)).mul(u));
    }
    NDArray half = manager.create(new float[] {0.5f});
    double byTau = Djl.doubles(GumbelSoftmax.temperatureGradient(z, g, half, u))[0];
    // Times the derivative of softplus, where it is ½.
    double expected = byTau * -Math.expm1(-0.5);
    assertEquals(
        expected, Djl.doubles(tau.raw().getArray().getGradient())[0], 1e-5 * Math.abs(expected));
  }

  @Test
  void noiseAndTemperatureThatDoNotFitAreNamed() {
    NDArray z = waves(1);
    assertRefused(
        "gumbels must be like logits, float32 (4, 5), got float32 (5, 4)",
        () -> GumbelSoftmax.value(z, z.transpose(), 1));
    assertRefused(
        "gumbels must be like logits, float32 (4, 5), got float64 (4, 5)",
        () -> GumbelSoftmax.hard(z, z.toType(DataType.FLOAT64, true), 1));
    assertRefused(
        "upstream must be like logits, float32 (4, 5), got float32 (5)",
        () -> GumbelSoftmax.gradient(z, z, 1, z.get(0)));
    assertRefused(
        "temperature must have one element, got shape (4, 5)", () -> GumbelSoftmax.value(z, z, z));
    for (double tau : new double[] {-1, 0, Double.NaN, Double.POSITIVE_INFINITY}) {
      String message = "temperature must be finite and > 0, got " + tau;
      assertRefused(message, () -> GumbelSoftmax.value(z, z, tau));
      assertRefused(message, () -> GumbelSoftmax.hard(z, z, manager.create(tau)));
      assertRefused(message, () -> GumbelSoftmax.block(tau));
    }
    NDArray scalar = manager.create(1f);
    assertRefused(
        "logits must have rank 1 at least, got a scalar",
        () -> GumbelSoftmax.value(scalar, scalar, 1));
    assertRefused("logits must be an array, got null", () -> GumbelSoftmax.value(null, z, 1));
  }

  @Test
  void noRowsAreFineInAGraphToo() {
    NDArray z = manager.create(new Shape(0, 3));
    assertEquals(new Shape(0, 3), GumbelSoftmax.value(z, z, 1).getShape());
    assertEquals(new Shape(0, 3), GumbelSoftmax.gradient(z, z, 1, z).getShape());
    NDArray tau = manager.ones(new Shape(1));
    assertEquals(0, GumbelSoftmax.temperatureGradient(z, z, tau, z).getFloat());
    assertEquals(0, Djl.gradient(z, x -> GumbelSoftmax.hard(x, z, tau)).length);
  }

  @Test
  void aBlockDrawsInTrainingAlone() {
    NDArray z = waves(1);
    Block block = GumbelSoftmax.block(0.5);
    NDArray none = z.zerosLike();
    Djl.assertSameArray(GumbelSoftmax.value(z, none, 0.5), forward(block, false, z));
    NDArray first = forward(block, true, z);
    NDArray second = forward(block, true, z);
    assertFalse(Arrays.equals(Djl.doubles(first), Djl.doubles(second)), "fresh noise");
    Block hard = GumbelSoftmax.hardBlock(0.5);
    Djl.assertSameArray(GumbelSoftmax.hard(z, none, 0.5), forward(hard, false, z));
    double[] draw = Djl.doubles(forward(hard, true, z));
    assertEquals(4, Arrays.stream(draw).sum());
    assertTrue(Arrays.stream(draw).allMatch(x -> x == 0 || x == 1));
    assertArrayEquals(new Shape[] {SHAPE}, hard.getOutputShapes(new Shape[] {SHAPE}));
  }

  @Test
  void aBlockUsesNoiseThatItIsGiven() {
    NDArray z = waves(1);
    NDArray g = GumbelSoftmax.gumbels(z, 1);
    NDArray u = waves(2);
    for (boolean training : new boolean[] {false, true}) {
      Djl.assertSameArray(
          GumbelSoftmax.value(z, g, 0.5), forward(GumbelSoftmax.block(0.5), training, z, g));
      Djl.assertSameArray(
          GumbelSoftmax.hard(z, g, 0.5), forward(GumbelSoftmax.hardBlock(0.5), training, z, g));
    }
    Djl.assertSameArray(
        GumbelSoftmax.gradient(z, g, 0.5, u),
        forward(GumbelSoftmax.gradientBlock(0.5), false, z, g, u));
  }

  @Test
  void aBlockFollowsTheSeedOfTheEngineAndLeavesNothing() {
    NDArray z = waves(1);
    Block block = GumbelSoftmax.hardBlock(1);
    Engine.getInstance().setRandomSeed(5);
    double[] first = Djl.doubles(forward(block, true, z));
    double[] second = Djl.doubles(forward(block, true, z));
    Engine.getInstance().setRandomSeed(5);
    int arrays = manager.getManagedArrays().size();
    NDArray again = forward(block, true, z);
    assertEquals(arrays + 1, manager.getManagedArrays().size());
    assertArrayEquals(first, Djl.doubles(again));
    assertArrayEquals(second, Djl.doubles(forward(block, true, z)));
  }

  @Test
  void blocksAreDescribed() {
    for (Block block :
        new Block[] {
          GumbelSoftmax.block(0.5), GumbelSoftmax.hardBlock(0.5), GumbelSoftmax.gradientBlock(0.5)
        }) {
      OpDescription description = OpDescription.of(block).orElseThrow();
      assertEquals(new OpDescription(block.toString(), 0.5), description);
      assertEquals("temperature", OpDescription.argumentName(description.name()));
      assertEquals(block.toString(), description.block().toString());
    }
  }

  /** As docs/losses.md says of PyTorch's gumbel_softmax, which is made of libtorch's softmax. */
  @Test
  void libtorchMakesNaNOfInfiniteNoiseAndRoundsConfidentGradientsAway() {
    NDArray noisy = manager.create(new float[][] {{1, Float.POSITIVE_INFINITY, 0}});
    assertTrue(Double.isNaN(Djl.doubles(noisy.softmax(-1))[1]));
    assertArrayEquals(
        new double[] {0, 1, 0}, Djl.doubles(GumbelSoftmax.value(noisy.zerosLike(), noisy, 1)));
    NDArray confident = Djl.array(manager, DataType.FLOAT32, new Shape(1, 2), 25, 0);
    NDArray u = Djl.array(manager, DataType.FLOAT32, new Shape(1, 2), 1, 0.2);
    NDArray none = confident.zerosLike();
    double exact = 0.8 * Math.exp(-25);
    assertEquals(0, Djl.gradient(confident, x -> x.softmax(-1).mul(u))[0]);
    double ours = Djl.gradient(confident, x -> GumbelSoftmax.value(x, none, 1).mul(u))[0];
    assertEquals(exact, ours, 1e-6 * exact);
  }
}
