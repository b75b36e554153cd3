package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.Reduction;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.SigmoidCrossEntropy;

/**
 * Gradients of losses of elements as values of a graph, which SameDiff differentiates once more:
 * the explicit derivatives of arrays, times what the gradient is multiplied by.
 */
class ElementLossCurvatureTest {
  private static final long[] SHAPE = {4, 3};
  private static final double TOLERANCE = 1e-14;

  /** The number in the graph of the second derivative by the argument. */
  private static final long SECOND = 1;

  private static final INDArray RAW = numbers(1, SHAPE);
  private static final INDArray V = numbers(2, SHAPE);
  private static final INDArray COUNTS =
      Nd4j.createFromArray(0.0, 3, 1, 0, 12, 2, 5, 0, 1, 1, 7, 4).reshape(SHAPE);
  private static final INDArray WEIGHTS =
      Nd4j.createFromArray(1.0, 0, 2, 0.5, 1, 1, 3, 0, 1, 1, 2, 1).reshape(SHAPE);

  private static INDArray numbers(long seed, long... shape) {
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double[] numbers = new SplittableRandom(seed).doubles(size, -1, 1).toArray();
    return shape.length == 0 ? Nd4j.scalar(numbers[0]) : Nd4j.create(numbers, shape, 'c');
  }

  /** The gradient of Σ v·variable by another variable. */
  private static INDArray differentiated(SDVariable variable, INDArray v, String by) {
    SameDiff graph = variable.getSameDiff();
    variable.mul(graph.constant(v)).sum().rename("product");
    graph.setLossVariables("product");
    return graph.calculateGradients(Map.of(), by).get(by);
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void thatOfYesOrNo(Reduction reduction) {
    INDArray targets = numbers(3, SHAPE).addi(1).divi(2);
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT.withReduction(reduction).withLabelSmoothing(0.1);
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.var("z", RAW);
    SDVariable gradient =
        SigmoidCrossEntropy.gradient(
            logits, graph.constant(targets), graph.constant(WEIGHTS), options);
    Elements.assertSame(
        SigmoidCrossEntropy.secondDerivative(RAW, targets, WEIGHTS, options).mul(V),
        differentiated(gradient, V, "z"),
        "second");
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void thatOfPoisson(Reduction reduction) {
    CountOptions options = CountOptions.DEFAULT.withReduction(reduction);
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.var("raw", RAW);
    SDVariable gradient = PoissonLoss.gradient(raw, graph.constant(COUNTS), options);
    Elements.assertSame(
        PoissonLoss.secondDerivative(RAW, COUNTS, options).mul(V),
        differentiated(gradient, V, "raw"),
        "second");
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void thatOfPoissonWithExposures(Reduction reduction) {
    CountOptions options = CountOptions.DEFAULT.withReduction(reduction);
    INDArray exposures = Nd4j.createFromArray(0.5, 2, 8);
    SameDiff graph = SameDiff.create();
    SDVariable gradient =
        PoissonLoss.gradientWithExposure(
            graph.var("raw", RAW),
            graph.var("exposure", exposures),
            graph.constant(COUNTS),
            graph.constant(WEIGHTS),
            options);
    Elements.assertSame(
        PoissonLoss.gradientWithExposure(RAW, exposures, COUNTS, WEIGHTS, options),
        gradient.eval(),
        "gradient");
    Elements.assertSame(
        PoissonLoss.secondDerivativeWithExposure(RAW, exposures, COUNTS, WEIGHTS, options).mul(V),
        differentiated(gradient, V, "raw"),
        "second");
    Elements.assertSame(
        exposures.mul(0),
        graph.calculateGradients(Map.of(), "exposure").get("exposure"),
        "exposures have no gradient");
  }

  // ---- two arguments

  /** A negative binomial loss of the same counts. */
  private record Binomial(INDArray theta, INDArray weights, CountOptions options) {
    SDVariable gradient(SDVariable raw, SDVariable theta) {
      SDVariable counts = raw.getSameDiff().constant(COUNTS);
      return weights == null
          ? NegativeBinomialLoss.gradient(raw, theta, counts, options)
          : NegativeBinomialLoss.gradient(
              raw, theta, counts, raw.getSameDiff().constant(weights), options);
    }

    SDVariable parameterGradient(SDVariable raw, SDVariable theta) {
      SDVariable counts = raw.getSameDiff().constant(COUNTS);
      return weights == null
          ? NegativeBinomialLoss.parameterGradient(raw, theta, counts, options)
          : NegativeBinomialLoss.parameterGradient(
              raw, theta, counts, raw.getSameDiff().constant(weights), options);
    }

    INDArray gradient() {
      return NegativeBinomialLoss.gradient(RAW, theta, COUNTS, given(), options);
    }

    INDArray parameterGradient() {
      return NegativeBinomialLoss.parameterGradient(RAW, theta, COUNTS, given(), options);
    }

    INDArray second() {
      return NegativeBinomialLoss.secondDerivative(RAW, theta, COUNTS, given(), options);
    }

    INDArray parameterSecond() {
      return NegativeBinomialLoss.parameterSecondDerivative(RAW, theta, COUNTS, given(), options);
    }

    INDArray mixed() {
      return NegativeBinomialLoss.mixedDerivative(RAW, theta, COUNTS, given(), options);
    }

    private INDArray given() {
      return weights == null ? Nd4j.ones(DataType.DOUBLE, SHAPE) : weights;
    }
  }

  static Stream<Binomial> binomials() {
    List<INDArray> thetas =
        Stream.of(new long[0], new long[] {1}, new long[] {3}, new long[] {4, 1}, SHAPE)
            .map(shape -> numbers(5, shape).addi(1.5))
            .toList();
    return thetas.stream()
        .flatMap(
            theta ->
                Arrays.stream(Reduction.values())
                    .map(CountOptions.DEFAULT.withFullLikelihood()::withReduction)
                    .flatMap(
                        options ->
                            Stream.of(null, WEIGHTS)
                                .map(weights -> new Binomial(theta, weights, options))));
  }

  /** An array of θ's shape, repeated to that of the counts. */
  private static INDArray repeated(INDArray ofTheta) {
    double[] elements = new double[12];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = Elements.of(ofTheta)[placeInTheta(ofTheta, i)];
    }
    return Nd4j.createFromArray(elements).reshape(SHAPE);
  }

  /** An array of the counts' shape, summed to that of θ. */
  private static double[] summed(INDArray terms, INDArray theta) {
    double[] sums = new double[(int) theta.length()];
    for (int i = 0; i < terms.length(); i++) {
      sums[placeInTheta(theta, i)] += Elements.of(terms)[i];
    }
    return sums;
  }

  private static int placeInTheta(INDArray theta, int i) {
    return switch ((int) theta.length()) {
      case 1 -> 0;
      case 3 -> i % 3;
      case 4 -> i / 3;
      default -> i;
    };
  }

  @ParameterizedTest
  @MethodSource("binomials")
  void thatOfNegativeBinomialByTheArgument(Binomial loss) {
    SameDiff graph = SameDiff.create();
    SDVariable gradient = loss.gradient(graph.var("raw", RAW), graph.var("theta", loss.theta));
    Elements.assertSame(loss.gradient(), gradient.eval(), "gradient");
    Elements.assertSame(loss.second().mul(V), differentiated(gradient, V, "raw"), "second");
    INDArray byTheta = graph.calculateGradients(Map.of(), "theta").get("theta");
    assertArrayEquals(loss.theta.shape(), byTheta.shape());
    assertArrayEquals(
        summed(loss.mixed().mul(V), loss.theta), Elements.of(byTheta), TOLERANCE, "mixed");
  }

  @ParameterizedTest
  @MethodSource("binomials")
  void thatOfNegativeBinomialByTheDispersion(Binomial loss) {
    INDArray v = numbers(6, loss.theta.shape());
    SameDiff graph = SameDiff.create();
    SDVariable gradient =
        loss.parameterGradient(graph.var("raw", RAW), graph.var("theta", loss.theta));
    Elements.assertSame(loss.parameterGradient(), gradient.eval(), "gradient");
    Elements.assertSame(loss.mixed().mul(repeated(v)), differentiated(gradient, v, "raw"), "mixed");
    Elements.assertSame(
        loss.parameterSecond().mul(v),
        graph.calculateGradients(Map.of(), "theta").get("theta"),
        "second");
  }

  /** What a gradient op gives to the upstream that it is multiplied by. */
  @ParameterizedTest
  @MethodSource("binomials")
  void theUpstreamHasAGradientToo(Binomial loss) {
    INDArray upstream = loss.options.reduction() == Reduction.NONE ? V : Nd4j.scalar(2.0);
    INDArray w = numbers(6, loss.theta.shape());
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.var("raw", RAW);
    SDVariable theta = graph.var("theta", loss.theta);
    SDVariable counts = graph.constant(COUNTS);
    SDVariable value =
        loss.weights == null
            ? NegativeBinomialLoss.value(raw, theta, counts, loss.options)
            : NegativeBinomialLoss.value(
                raw, theta, counts, graph.constant(loss.weights), loss.options);
    value.mul(graph.constant(upstream)).sum().rename("loss");
    graph.setLossVariables("loss");
    graph.calculateGradients(Map.of(), "raw", "theta");
    SameDiff gradients = graph.getFunction("grad");
    DynamicCustomOp[] ops = binomialOps(gradients).toArray(DynamicCustomOp[]::new);
    assertEquals(2, ops.length);

    List<SDVariable> ofRaw = ops[0].doDiff(List.of(gradients.constant(V)));
    assertNear(loss.second().mul(V).mul(upstream), ofRaw.get(0), "second");
    double[] mixed = summed(loss.mixed().mul(V).mul(upstream), loss.theta);
    assertArrayEquals(mixed, Elements.of(ofRaw.get(1).eval()), TOLERANCE, "mixed, summed");
    assertNear(reduced(loss.gradient().mul(V), loss), ofRaw.get(3), "upstream of raw");

    List<SDVariable> ofTheta = ops[1].doDiff(List.of(gradients.constant(w)));
    assertNear(loss.mixed().mul(repeated(w)).mul(upstream), ofTheta.get(0), "mixed");
    INDArray each =
        new Binomial(repeated(loss.theta), loss.weights, loss.options).parameterSecond();
    double[] twice = summed(each.mul(repeated(w)).mul(upstream), loss.theta);
    assertArrayEquals(twice, Elements.of(ofTheta.get(1).eval()), TOLERANCE, "second by theta");
    INDArray terms =
        new Binomial(repeated(loss.theta), loss.weights, loss.options)
            .parameterGradient()
            .mul(repeated(w));
    assertNear(reduced(terms, loss), ofTheta.get(3), "upstream of theta");
  }

  private static Stream<DynamicCustomOp> binomialOps(SameDiff gradients) {
    return Arrays.stream(gradients.ops())
        .filter(op -> op.opName().equals("stable_negative_binomial_loss_bp"))
        .map(DynamicCustomOp.class::cast);
  }

  private static INDArray reduced(INDArray terms, Binomial loss) {
    return loss.options.reduction() == Reduction.NONE ? terms : terms.sum();
  }

  private static void assertNear(INDArray expected, SDVariable actual, String what) {
    INDArray array = actual.eval();
    assertArrayEquals(expected.shape(), array.shape(), what);
    assertArrayEquals(Elements.of(expected), Elements.of(array), TOLERANCE, what);
  }

  /** SameDiff gives a loss variable an upstream of one number, which counts for all elements. */
  @ParameterizedTest
  @MethodSource("binomials")
  void gradientsAreLossVariables(Binomial loss) {
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.var("raw", RAW);
    SDVariable theta = graph.var("theta", loss.theta);
    graph.setLossVariables(loss.gradient(raw, theta).name());
    Map<String, INDArray> ofGradient = graph.calculateGradients(Map.of(), "raw", "theta");
    Elements.assertSame(loss.second(), ofGradient.get("raw"), "second");
    double[] mixed = summed(loss.mixed(), loss.theta);
    assertArrayEquals(mixed, Elements.of(ofGradient.get("theta")), TOLERANCE, "mixed, summed");
    graph.setLossVariables(loss.parameterGradient(raw, theta).name());
    Map<String, INDArray> ofTheta = graph.calculateGradients(Map.of(), "raw", "theta");
    Elements.assertSame(loss.mixed(), ofTheta.get("raw"), "mixed");
    Elements.assertSame(loss.parameterSecond(), ofTheta.get("theta"), "second by theta");
  }

  /** The gradient to θ has a lower rank than the upstream, which has as many elements. */
  @ParameterizedTest
  @EnumSource
  void oneElementOfAnyRank(org.stableops.integration.host.Path path) {
    INDArray theta = Nd4j.scalar(1.5);
    CountOptions options = CountOptions.DEFAULT.withReduction(Reduction.NONE);
    for (long[] shape : new long[][] {{}, {1}, {1, 1}, {1, 1, 1}}) {
      INDArray x = numbers(1, shape);
      INDArray counts = numbers(2, shape).addi(2);
      SameDiff graph = SameDiff.create();
      SDVariable gradient =
          NegativeBinomialLoss.gradient(
              graph.var("raw", x), graph.var("theta", theta), graph.constant(counts), options);
      INDArray v = Nd4j.ones(DataType.DOUBLE, shape).mul(2);
      INDArray actual = path.run(() -> differentiated(gradient, v, "theta"));
      INDArray mixed =
          path.run(() -> NegativeBinomialLoss.mixedDerivative(x, theta, counts, options));
      Elements.assertSame(mixed.mul(2).reshape(new long[0]), actual, "mixed");
    }
  }

  /** A derivative too small for half, times a number with which it is not, is rounded once. */
  @Test
  void halvesAreRoundedOnceWithWhatTheyAreMultipliedBy() {
    INDArray raw = RAW.castTo(DataType.FLOAT16);
    INDArray theta = Nd4j.createFromArray(1.5, 0.5, 3).castTo(DataType.FLOAT16);
    INDArray v = numbers(6, 3).muli(4096).castTo(DataType.FLOAT16);
    INDArray weights = WEIGHTS.mul(1e-5);
    CountOptions options = CountOptions.DEFAULT.withReduction(Reduction.SUM);
    Binomial loss = new Binomial(theta, weights, options);
    INDArray x = raw.castTo(DataType.DOUBLE);
    INDArray wide = theta.castTo(DataType.DOUBLE);
    INDArray factors = repeated(v.castTo(DataType.DOUBLE));
    SameDiff ofRaw = SameDiff.create();
    assertRoundedOnce(
        NegativeBinomialLoss.secondDerivative(x, wide, COUNTS, weights, options).mul(factors),
        differentiated(loss.gradient(ofRaw.var("raw", raw), ofRaw.var("theta", theta)), v, "raw"));
    SameDiff ofTheta = SameDiff.create();
    assertRoundedOnce(
        NegativeBinomialLoss.mixedDerivative(x, wide, COUNTS, weights, options).mul(factors),
        differentiated(
            loss.parameterGradient(ofTheta.var("raw", raw), ofTheta.var("theta", theta)),
            v,
            "raw"));
  }

  private static void assertRoundedOnce(INDArray expected, INDArray half) {
    assertEquals(DataType.FLOAT16, half.dataType());
    double[] wanted = Elements.of(expected);
    double[] actual = Elements.of(half);
    for (int i = 0; i < wanted.length; i++) {
      double halfUlp = Math.max(0x1p-11 * Math.abs(wanted[i]), 0x1p-25);
      assertEquals(wanted[i], actual[i], 1.01 * halfUlp, "element " + i);
    }
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void gradientsOfNothingAreEmpty(Reduction reduction) {
    CountOptions options = CountOptions.DEFAULT.withReduction(reduction);
    INDArray none = Nd4j.create(DataType.DOUBLE, 0, 3);
    SameDiff graph = SameDiff.create();
    SDVariable theta = graph.var("theta", Nd4j.createFromArray(1.5, 0.5, 3));
    SDVariable scale = graph.var("scale", Nd4j.scalar(2.0));
    SDVariable counts = graph.placeHolder("counts", DataType.DOUBLE, -1, 3);
    SDVariable raw = counts.mul("raw", scale);
    Map<String, INDArray> data = Map.of("counts", none);
    SDVariable gradient = NegativeBinomialLoss.gradient(raw, theta, counts, options);
    assertArrayEquals(none.shape(), gradient.eval(data).shape());
    SDVariable ofTheta = NegativeBinomialLoss.parameterGradient(raw, theta, counts, options);
    Elements.assertSame(Nd4j.zeros(DataType.DOUBLE, 3), ofTheta.eval(data), "theta");
    // The host has no gradient of a sum of nothing.
    graph.setLossVariables(gradient.name(), ofTheta.name());
    Map<String, INDArray> second = graph.calculateGradients(data, "raw", "theta");
    assertArrayEquals(none.shape(), second.get("raw").shape());
    Elements.assertSame(Nd4j.zeros(DataType.DOUBLE, 3), second.get("theta"), "theta twice");
  }

  @Test
  void thereIsNoThirdDerivative() {
    Binomial loss = new Binomial(Nd4j.createFromArray(1.5), null, CountOptions.DEFAULT);
    SameDiff graph = SameDiff.create();
    SDVariable gradient = loss.gradient(graph.var("raw", RAW), graph.var("theta", loss.theta));
    gradient.sum().rename("loss");
    graph.setLossVariables("loss");
    graph.calculateGradients(Map.of(), "raw");
    SameDiff gradients = graph.getFunction("grad");
    DynamicCustomOp second =
        binomialOps(gradients).filter(op -> op.iArgs()[1] == SECOND).findFirst().orElseThrow();
    List<SDVariable> v = List.of(gradients.constant(V));
    assertEquals(
        "losses have no third derivatives",
        assertThrows(UnsupportedOperationException.class, () -> second.doDiff(v)).getMessage());
  }

  @Test
  void gradientsAreSavedAndDifferentiatedWhereTheyAreLoaded(@TempDir Path folder) {
    Binomial loss = new Binomial(Nd4j.createFromArray(1.5, 0.5, 3), WEIGHTS, CountOptions.DEFAULT);
    SameDiff graph = SameDiff.create();
    SDVariable gradient =
        loss.parameterGradient(graph.var("raw", RAW), graph.var("theta", loss.theta));
    INDArray expected = differentiated(gradient, numbers(6, 3), "raw");
    File file = folder.resolve("gradient.fb").toFile();
    graph.save(file, true);
    SameDiff loaded = SameDiff.load(file, true);
    Elements.assertSame(
        loss.parameterGradient(), loaded.getVariable(gradient.name()).eval(), "gradient");
    Elements.assertSame(expected, loaded.calculateGradients(Map.of(), "raw").get("raw"), "mixed");
  }

  @Test
  void defaultsAreThoseOfArrays() {
    INDArray theta = Nd4j.createFromArray(1.5, 0.5, 3);
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.var("raw", RAW);
    SDVariable ofTheta = graph.var("theta", theta);
    SDVariable counts = graph.constant(COUNTS);
    Elements.assertSame(
        NegativeBinomialLoss.gradient(RAW, theta, COUNTS),
        NegativeBinomialLoss.gradient(raw, ofTheta, counts).eval(),
        "gradient");
    Elements.assertSame(
        NegativeBinomialLoss.parameterGradient(RAW, theta, COUNTS),
        NegativeBinomialLoss.parameterGradient(raw, ofTheta, counts).eval(),
        "parameterGradient");
    Elements.assertSame(
        PoissonLoss.gradientWithExposure(RAW, theta, COUNTS, CountOptions.DEFAULT),
        PoissonLoss.gradientWithExposure(raw, ofTheta, counts, CountOptions.DEFAULT).eval(),
        "exposures");
  }

  @Test
  void badArgumentsAreReportedWhenTheGraphIsBuilt() {
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.var("raw", RAW);
    SDVariable counts = graph.constant("counts", COUNTS);
    CountOptions options = CountOptions.DEFAULT;
    assertRefused(
        "inverseDispersion must be a variable, got null",
        () -> NegativeBinomialLoss.gradient(raw, null, counts));
    assertRefused(
        "counts must be a variable, got null",
        () -> NegativeBinomialLoss.parameterGradient(raw, raw, null));
    assertRefused(
        "sampleWeights must be given, got null",
        () -> NegativeBinomialLoss.parameterGradient(raw, raw, counts, null, options));
    assertRefused(
        "options must be given, got null",
        () -> PoissonLoss.gradientWithExposure(raw, raw, counts, null));
    assertRefused(
        "raw must be a variable, got null", () -> NegativeBinomialLoss.value(null, raw, counts));
    assertRefused("counts must be a variable, got null", () -> PoissonLoss.value(raw, null));
    assertRefused(
        "input 1 of stable_poisson_loss must be a variable of the same graph as the first one, got"
            + " other",
        () -> PoissonLoss.value(raw, SameDiff.create().constant("other", COUNTS)));
    assertRefused(
        "input 2 of stable_poisson_loss_bp must be a variable of the same graph as the first one,"
            + " got other",
        () ->
            PoissonLoss.gradient(
                raw, counts, SameDiff.create().constant("other", COUNTS), options));
    assertEquals(0, graph.getOps().size(), "nothing was added");
    assertEquals(2, graph.variables().size(), "nor a constant");
  }
}
