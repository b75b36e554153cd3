package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.Refusals.assertRefused;

import java.nio.DoubleBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.internal.Shapes;
import org.stableops.kernel.ElementLossKernel;
import org.stableops.kernel.Elements;

/** What hosts know of a loss of elements, and of its options as numbers. */
class ElementLossTest {
  private static final BinaryCrossEntropyOptions BINARY = BinaryCrossEntropyOptions.DEFAULT;
  private static final ElementLoss SIGMOID = SigmoidComposite.of(BINARY);
  private static final ElementLoss POISSON = PoissonComposite.of(CountOptions.DEFAULT);
  private static final ElementLoss BINOMIAL = NegativeBinomialComposite.of(CountOptions.DEFAULT);

  private static long[] shape(long... sizes) {
    return sizes;
  }

  // ---- a loss

  @Test
  void lossesHaveNames() {
    assertEquals("SigmoidCrossEntropy", SIGMOID.name());
    assertEquals("logits", SIGMOID.argument());
    assertEquals("targets", SIGMOID.targets());
    assertEquals("PoissonLoss", POISSON.name());
    assertEquals("raw", POISSON.argument());
    assertEquals("counts", POISSON.targets());
    assertEquals("exposure", POISSON.names().companion());
    assertEquals("NegativeBinomialLoss", BINOMIAL.name());
    assertEquals("inverseDispersion", BINOMIAL.names().companion());
  }

  @Test
  void graphsHaveNamesOfTheirOwn() {
    assertEquals("stable_sigmoid_cross_entropy", SIGMOID.graphName());
    assertEquals("stable_sigmoid_cross_entropy_bp", SIGMOID.gradientGraphName());
    assertEquals("stable_poisson_loss", ElementLosses.poissonLoss().graphName());
    assertEquals("stable_poisson_loss_bp", ElementLosses.poissonLoss().gradientGraphName());
    ElementLosses<CountOptions> binomial = ElementLosses.negativeBinomialLoss();
    assertEquals("stable_negative_binomial_loss", binomial.graphName());
    assertEquals("stable_negative_binomial_loss_bp", binomial.gradientGraphName());
    assertEquals("stable_sigmoid_cross_entropy", ElementLosses.sigmoidCrossEntropy().graphName());
  }

  @Test
  void onlyAGradientNeedsTheCompanion() {
    assertEquals(2, SIGMOID.inputs());
    assertEquals(2, POISSON.inputs());
    assertEquals(3, BINOMIAL.inputs());
    assertFalse(SIGMOID.hasCompanionGradient() || POISSON.hasCompanionGradient());
    assertTrue(BINOMIAL.hasCompanionGradient());
  }

  @Test
  void aReductionMayBeReplaced() {
    ElementLoss sum = SIGMOID.withReduction(Reduction.SUM);
    assertEquals(Reduction.MEAN, SIGMOID.reduction());
    assertEquals(Reduction.SUM, sum.reduction());
    assertSame(SIGMOID.kernel(), sum.kernel());
    assertSame(SIGMOID.composite(), sum.composite());
    assertEquals(SIGMOID.names(), sum.names());
    assertEquals(SIGMOID, sum.withReduction(Reduction.MEAN));
    CountOptions none = CountOptions.DEFAULT.withReduction(Reduction.NONE);
    assertEquals(Reduction.NONE, PoissonComposite.of(none).reduction());
    assertEquals(Reduction.NONE, NegativeBinomialComposite.of(none).reduction());
  }

  @Test
  void aMeanIsOverTheWeight() {
    assertEquals(3, SIGMOID.reduced(12, 4));
    assertEquals(0.25, SIGMOID.scale(4));
    assertEquals(0, SIGMOID.reduced(12, 0));
    assertEquals(0, SIGMOID.scale(0));
    ElementLoss sum = SIGMOID.withReduction(Reduction.SUM);
    assertEquals(12, sum.reduced(12, 4));
    assertEquals(1, sum.scale(4));
  }

  @Test
  void messagesNameTheArrays() {
    double[] one = {1};
    double[] bad = {-1};
    assertRefused(
        "counts[0] must be finite and >= 0, got -1.0", () -> POISSON.weight(batch(one, bad)));
    assertRefused(
        "exposure[0] must be finite and > 0, got -1.0", () -> POISSON.weight(batch(bad, one)));
    assertRefused("targets[0] must be in [0, 1], got -1.0", () -> SIGMOID.weight(batch(one, bad)));
    assertEquals(1, POISSON.weight(batch(one, one)));
    assertEquals(1, BINOMIAL.weight(batch(bad, one)));
  }

  private static ElementLossKernel.Batch batch(double[] companion, double[] targets) {
    Elements ofCompanion = Elements.of(DoubleBuffer.wrap(companion));
    return new ElementLossKernel.Batch(
        null, ofCompanion, Elements.of(DoubleBuffer.wrap(targets)), null);
  }

  // ---- shapes

  @Test
  void targetsHaveTheShapeOfTheArgument() {
    assertDoesNotThrow(() -> SIGMOID.requireShapes(shape(2, 3), shape(2, 3)));
    assertDoesNotThrow(() -> SIGMOID.requireShapes(shape(), shape()));
    assertRefused(
        "targets shape (2, 1) must equal logits shape (2, 3)",
        () -> SIGMOID.requireShapes(shape(2, 3), shape(2, 1)));
    assertRefused(
        "counts shape (3) must equal raw shape ()", () -> POISSON.requireShapes(shape(), shape(3)));
    assertRefused(
        "sampleWeights shape (2) must equal raw shape (3)",
        () -> POISSON.requireSampleWeights(shape(2), shape(3)));
    for (long[] ofRows : List.of(shape(4), shape(4, 1))) {
      assertRefused(
          "sampleWeights shape %s must equal logits shape (4, 3): repeat the weight of a row for each of its elements"
              .formatted(Shapes.text(ofRows)),
          () -> SIGMOID.requireSampleWeights(ofRows, shape(4, 3)));
    }
    assertRefused(
        "sampleWeights shape (3) must equal logits shape (4, 3)",
        () -> SIGMOID.requireSampleWeights(shape(3), shape(4, 3)));
  }

  @Test
  void positiveWeightsAreOfTheLastAxis() {
    ElementLoss three = SigmoidComposite.of(BINARY.withPositiveWeights(1, 2, 3));
    assertDoesNotThrow(() -> three.requireShapes(shape(2, 3), shape(2, 3)));
    assertRefused(
        "positiveWeights must have 1 element, or one for each element of the last axis of logits, (3, 2), "
            + "got 3",
        () -> three.requireShapes(shape(3, 2), shape(3, 2)));
    assertRefused(
        "positiveWeights must have 1 element, or one for each element of the last axis of logits, (), got 3",
        () -> three.requireShapes(shape(), shape()));
    ElementLoss one = SigmoidComposite.of(BINARY.withPositiveWeights(7));
    assertDoesNotThrow(() -> one.requireShapes(shape(3, 2), shape(3, 2)));
  }

  @Test
  void companionsBroadcast() {
    assertArrayEquals(shape(1, 3), POISSON.requireCompanion(shape(3), shape(2, 3)).aligned());
    assertRefused(
        "exposure shape (2) must broadcast to raw shape (2, 3)",
        () -> POISSON.requireCompanion(shape(2), shape(2, 3)));
    assertRefused(
        "inverseDispersion shape (4) must broadcast to raw shape (2, 3)",
        () -> BINOMIAL.requireCompanion(shape(4), shape(2, 3)));
  }

  // ---- options as numbers

  static Stream<BinaryCrossEntropyOptions> binaryOptions() {
    return Stream.of(
        BINARY,
        BINARY.withReduction(Reduction.NONE).withFocalAlpha(0),
        BINARY.withReduction(Reduction.SUM).withLabelSmoothing(0.1).withFocalGamma(2),
        BINARY.withPositiveWeights(3).withFocalAlpha(1),
        BINARY.withPositiveWeights(3, 0, 0.5).withFocalAlpha(0.25));
  }

  @ParameterizedTest
  @MethodSource("binaryOptions")
  void optionsOfYesOrNoComeBackFromNumbers(BinaryCrossEntropyOptions options) {
    ElementLosses<BinaryCrossEntropyOptions> losses = ElementLosses.sigmoidCrossEntropy();
    assertEquals(options, losses.options(losses.numbers(options)));
    assertEquals(options.reduction(), losses.of(options).reduction());
    assertEquals("SigmoidCrossEntropy", losses.of(options).name());
  }

  static Stream<CountOptions> countOptions() {
    CountOptions log = CountOptions.DEFAULT;
    return Stream.of(
            log,
            CountOptions.RATE,
            log.withRate(PositiveTransform.softplus(0.3)),
            log.withRate(PositiveTransform.squareplus(1e-6).withLowerBound(0.25)))
        .flatMap(
            options ->
                Stream.of(options, options.withReduction(Reduction.SUM).withFullLikelihood()));
  }

  @ParameterizedTest
  @MethodSource("countOptions")
  void optionsOfCountsComeBackFromNumbers(CountOptions options) {
    ElementLosses<CountOptions> losses = ElementLosses.poissonLoss();
    assertEquals(options, losses.options(losses.numbers(options)));
    ElementLosses<CountOptions> others = ElementLosses.negativeBinomialLoss();
    assertEquals(options, others.options(others.numbers(options)));
    assertEquals("PoissonLoss", losses.of(options).name());
    assertEquals("NegativeBinomialLoss", others.of(options).name());
  }

  /** Graphs that are stored must be read by every later version. */
  @Test
  void numbersStayWhatTheyAre() {
    assertArrayEquals(
        new double[] {1, 0.1, 2, 0.25, 3, 4},
        ElementLosses.sigmoidCrossEntropy()
            .numbers(
                BINARY
                    .withReduction(Reduction.SUM)
                    .withLabelSmoothing(0.1)
                    .withFocalGamma(2)
                    .withFocalAlpha(0.25)
                    .withPositiveWeights(3, 4)));
    assertArrayEquals(
        new double[] {2, 0, 0, -1}, ElementLosses.sigmoidCrossEntropy().numbers(BINARY));
    assertArrayEquals(
        new double[] {2, 0, 2, 1, 0}, ElementLosses.poissonLoss().numbers(CountOptions.DEFAULT));
    assertArrayEquals(
        new double[] {2, 1, -1, 0, 0},
        ElementLosses.poissonLoss().numbers(CountOptions.RATE.withFullLikelihood()));
  }

  @Test
  void optionsMustBeGiven() {
    assertRefused("options must be given, got null", () -> ElementLosses.poissonLoss().of(null));
    assertRefused(
        "options must be given, got null", () -> ElementLosses.sigmoidCrossEntropy().numbers(null));
  }

  @Test
  void numbersOfNoOptionsAreRefused() {
    assertRefused(
        "BinaryCrossEntropyOptions must be at least 4 numbers, got 3",
        () -> ElementLosses.sigmoidCrossEntropy().options(new double[3]));
    assertRefused(
        "CountOptions must be at least 5 numbers, got 4",
        () -> ElementLosses.poissonLoss().options(new double[4]));
    assertRefused(
        "CountOptions must have the number of one of [SOFTPLUS, SQUAREPLUS, EXP] among its "
            + "arguments, got 3.0",
        () -> ElementLosses.poissonLoss().options(new double[] {0, 0, 3, 1, 0}));
    assertRefused(
        "CountOptions must have the number of one of [false, true] among its arguments, got 2.0",
        () -> ElementLosses.poissonLoss().options(new double[] {0, 2, -1, 0, 0}));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 0.5, 3, Double.NaN, Double.POSITIVE_INFINITY})
  void numbersOfNoChoiceAreRefused(double number) {
    Reduction[] choices = Reduction.values();
    assertRefused(
        "Loss must have the number of one of [NONE, SUM, MEAN] among its arguments, got " + number,
        () -> Stored.choice("Loss", choices, number));
    assertEquals(Reduction.NONE, Stored.choice("Loss", choices, 0));
    assertEquals(Reduction.MEAN, Stored.choice("Loss", choices, 2));
  }

  @Test
  void countsOfNumbersMayBeLarger() {
    assertDoesNotThrow(() -> Stored.requireCount("x", new double[2], 2));
    assertDoesNotThrow(() -> Stored.requireCount("x", new double[3], 2));
    assertRefused(
        "x must be at least 2 numbers, got 1", () -> Stored.requireCount("x", new double[1], 2));
  }
}
