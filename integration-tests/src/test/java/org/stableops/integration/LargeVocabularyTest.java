package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.integration.host.LinearHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;
import org.stableops.op.LinearPieces;

/** The linear cross-entropy by several pieces, and of logits of more than 2 GiB. */
class LargeVocabularyTest {
  private static final int DIMENSION = 4;
  private static final int IGNORED = -1;
  private static final Measurements MEASUREMENTS = new Measurements();

  @AfterAll
  static void print() {
    MEASUREMENTS.print("linear cross-entropy by several pieces (shares of the bars)");
  }

  /** By default float32 on the fused path: the rest is left to smaller problems. */
  static Stream<LinearConformanceTest.Setting> settings() {
    return LinearConformanceTest.settings()
        .filter(setting -> !setting.isNarrow())
        .filter(
            setting ->
                Effort.isThorough()
                    || (setting.path() == Path.FUSED && setting.format() == Format.FLOAT32));
  }

  /**
   * Numbers of a float32, of which some tokens do not count; those hold nothing to be read.
   *
   * @param labels of the tokens that count, one of {@code classes}
   */
  private static LinearCase draw(int tokens, int classes, int dimension, Reduction reduction) {
    SplittableRandom random = new SplittableRandom(3);
    double[] hidden = random.doubles(tokens * dimension, -2, 2).map(x -> (float) x).toArray();
    double[] weight = random.doubles(classes * dimension, -2, 2).map(x -> (float) x).toArray();
    double[] bias = random.doubles(classes, -1, 1).map(x -> (float) x).toArray();
    long[] labels = random.longs(tokens, 0, classes).toArray();
    double[] sampleWeights = random.doubles(tokens, 0.5, 2).toArray();
    for (int n = 3; n < tokens; n += 7) {
      if (n % 2 == 0) {
        labels[n] = IGNORED;
      } else {
        sampleWeights[n] = 0;
      }
      hidden[n * dimension] = Double.NaN;
    }
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withReduction(reduction).withIgnoreIndex(IGNORED);
    return new LinearCase(hidden, weight, bias, labels, sampleWeights, options);
  }

  // ---- several pieces

  private static final int CLASSES = 63_500;
  private static final LinearCase PROBLEM = draw(150, CLASSES, DIMENSION, Reduction.MEAN);

  /** Computed once. */
  private static final AtomicReference<Whole> WHOLE = new AtomicReference<>();

  private static final AtomicReference<Whole> PRODUCT = new AtomicReference<>();

  /** By two pieces, and by a whole of float64, with the error bars of NUMERICS.md §8. */
  @ParameterizedTest
  @MethodSource("settings")
  @Tag("thorough")
  void piecesAreTheWhole(LinearConformanceTest.Setting setting) {
    LinearCase problem = PROBLEM;
    assertEquals(128, LinearPieces.elements(CLASSES, Float.BYTES) / CLASSES);
    assertTrue(IntStream.range(0, problem.tokens()).filter(problem::counts).count() > 128);
    LinearHost.Results actual = setting.compute(problem);
    Whole whole = WHOLE.updateAndGet(known -> known == null ? Whole.of(problem) : known);
    double epsilon = setting.format().epsilon();
    check(setting, "loss", whole.loss, whole.lossBar, epsilon, actual.loss());
    check(setting, "by hidden", whole.hidden, whole.hiddenBars, epsilon, actual.hidden());
    check(setting, "by weight", whole.weight, whole.weightBars, epsilon, actual.weight());
    check(setting, "by bias", whole.bias, whole.biasBars, epsilon, actual.bias());
    LinearHost.Results again = setting.inTraining(problem);
    assertArrayEquals(actual.loss(), again.loss());
    assertArrayEquals(actual.hidden(), again.hidden());
    assertArrayEquals(actual.weight(), again.weight());
    assertArrayEquals(actual.bias(), again.bias());
  }

  /** By two pieces, and by a whole of float64, with the error bar of the Javadoc. */
  @ParameterizedTest
  @MethodSource("settings")
  @Tag("endurance")
  void piecesAreTheWholeOfAProduct(LinearConformanceTest.Setting setting) {
    SplittableRandom random = new SplittableRandom(4);
    LinearCase.Direction v =
        new LinearCase.Direction(
            random.doubles(PROBLEM.hidden().length, -2, 2).map(x -> (float) x).toArray(),
            random.doubles(PROBLEM.weight().length, -2, 2).map(x -> (float) x).toArray(),
            random.doubles(CLASSES, -1, 1).map(x -> (float) x).toArray());
    LinearHost.Results actual =
        setting.path().run(() -> setting.host().gaussNewton(PROBLEM, v, setting.format()));
    Whole whole = PRODUCT.updateAndGet(known -> known == null ? Whole.of(PROBLEM, v) : known);
    double epsilon = setting.format().epsilon();
    check(setting, "by hidden, product", whole.hidden, whole.hiddenBars, epsilon, actual.hidden());
    check(setting, "by weight, product", whole.weight, whole.weightBars, epsilon, actual.weight());
    check(setting, "by bias, product", whole.bias, whole.biasBars, epsilon, actual.bias());
  }

  /** What is whole has an error, too, in float64. */
  private static void check(
      LinearConformanceTest.Setting setting,
      String what,
      double[] expected,
      double[] bars,
      double epsilon,
      double[] actual) {
    double both = epsilon == Format.FLOAT64.epsilon() ? 2 * epsilon : epsilon;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      int at = i;
      double share = bars[i] == 0 ? 0 : Math.abs(actual[i] - expected[i]) / (both * bars[i]);
      boolean isRight = bars[i] == 0 ? actual[i] == 0 : share <= 1;
      assertTrue(isRight, () -> setting + " " + what + " " + at + ": " + share + " of the bar");
      largest = Math.max(largest, share);
    }
    MEASUREMENTS.add(
        new Measurements.Row(what, setting.host().name(), setting.path(), setting.format()),
        !what.equals("loss"),
        largest,
        1);
  }

  /** Loss and gradients by the logits and their gradient, in float64, with bars in ε. */
  private record Whole(
      double[] loss,
      double[] lossBar,
      double[] hidden,
      double[] hiddenBars,
      double[] weight,
      double[] weightBars,
      double[] bias,
      double[] biasBars) {

    static Whole of(LinearCase problem) {
      try (NDManager manager = NDManager.newBaseManager()) {
        return of(problem, manager);
      }
    }

    private static Whole of(LinearCase problem, NDManager manager) {
      int dimension = problem.dimension();
      Parts parts = Parts.of(problem, manager);
      NDArray h = parts.h;
      NDArray w = parts.w;
      NDArray size = parts.size;
      ValueAndGradient<NDArray> both =
          SparseSoftmaxCrossEntropy.valueAndGradient(
              parts.z, parts.labels, parts.weights, problem.options());
      NDArray g = both.gradient();
      NDArray share = parts.share;
      NDArray ap = parts.ap(g);
      NDArray oneMinusP = share.sub(ap).div(share.maximum(1e-300));
      NDArray e = ap.mul(oneMinusP).mul(size).mul(2 * (dimension + 1));
      double ofLogits = size.mul(g.abs().sum(new int[] {1}, true)).sum().getDouble();
      double loss = both.value().getDouble();
      double bar = (dimension + 1) * ofLogits + 4 * loss;
      return products(h, w, g, e, new double[] {loss}, new double[] {bar});
    }

    /** The Gauss–Newton product, without losses. */
    static Whole of(LinearCase problem, LinearCase.Direction v) {
      try (NDManager manager = NDManager.newBaseManager()) {
        Parts parts = Parts.of(problem, manager);
        NDArray ofH = manager.create(v.hidden(), parts.h.getShape());
        NDArray ofW = manager.create(v.weight(), parts.w.getShape());
        NDArray ofB = manager.create(v.bias());
        NDArray w = parts.w;
        NDArray slopes = ofH.matMul(w.transpose()).add(parts.h.matMul(ofW.transpose())).add(ofB);
        NDArray sizes = ofH.abs().matMul(w.abs().transpose());
        sizes.addi(parts.h.abs().matMul(ofW.abs().transpose())).addi(ofB.abs());
        CrossEntropyOptions options = problem.options();
        NDArray labels = parts.labels;
        NDArray g = SparseSoftmaxCrossEntropy.gradient(parts.z, labels, parts.weights, options);
        NDArray q =
            SparseSoftmaxCrossEntropy.hessianVectorProduct(
                parts.z, labels, parts.weights, slopes, options);
        NDArray e =
            parts
                .ap(g)
                .mul(sizes.max(new int[] {1}, true))
                .mul(parts.size.add(4))
                .mul(14 * (problem.dimension() + 1));
        return products(parts.h, w, q, e, new double[0], new double[0]);
      }
    }

    private static Whole products(
        NDArray h, NDArray w, NDArray g, NDArray e, double[] loss, double[] lossBar) {
      // Of V + N each product has one: sharper here, where they are so different.
      NDArray overClasses = e.add(g.abs().mul(g.getShape().get(1)));
      NDArray overTokens = e.add(g.abs().mul(g.getShape().get(0)));
      return new Whole(
          loss,
          lossBar,
          g.matMul(w).toDoubleArray(),
          overClasses.matMul(w.abs()).toDoubleArray(),
          g.transpose().matMul(h).toDoubleArray(),
          overTokens.transpose().matMul(h.abs()).toDoubleArray(),
          g.sum(new int[] {0}).toDoubleArray(),
          overTokens.sum(new int[] {0}).toDoubleArray());
    }
  }

  /**
   * The arguments, 0 where they are not read, and what bars are made of.
   *
   * @param size A of each token
   * @param share its part of the mean
   */
  private record Parts(
      NDArray h,
      NDArray w,
      NDArray z,
      NDArray size,
      NDArray labels,
      NDArray weights,
      NDArray share) {

    static Parts of(LinearCase problem, NDManager manager) {
      int tokens = problem.tokens();
      int dimension = problem.dimension();
      double[] read = problem.hidden().clone();
      for (int i = 0; i < read.length; i++) {
        read[i] = problem.counts(i / dimension) ? read[i] : 0;
      }
      NDArray h = manager.create(read, new Shape(tokens, dimension));
      NDArray w = manager.create(problem.weight(), new Shape(problem.classes(), dimension));
      NDArray b = manager.create(problem.bias());
      double total =
          IntStream.range(0, tokens)
              .filter(problem::counts)
              .mapToDouble(n -> problem.sampleWeights()[n])
              .sum();
      return new Parts(
          h,
          w,
          h.matMul(w.transpose()).add(b),
          h.abs().matMul(w.abs().transpose()).add(b.abs()).max(new int[] {1}, true),
          manager.create(problem.labels()),
          manager.create(problem.sampleWeights()),
          manager.create(shares(problem, total), new Shape(tokens, 1)));
    }

    private static double[] shares(LinearCase problem, double total) {
      return IntStream.range(0, problem.tokens())
          .mapToDouble(n -> problem.counts(n) ? problem.sampleWeights()[n] / total : 0)
          .toArray();
    }

    /** a·p: all of the gradient but at the label, where p is 1 less. */
    NDArray ap(NDArray gradient) {
      NDArray classes = labels.getManager().arange((int) w.getShape().get(0));
      NDArray q = labels.expandDims(1).eq(classes).toType(DataType.FLOAT64, true);
      return gradient.add(q.mul(share));
    }
  }

  // ---- more than 2 GiB

  @ParameterizedTest
  @MethodSource("settings")
  @Tag("endurance")
  void logitsOfMoreThanTwoGibibytes(LinearConformanceTest.Setting setting) {
    if (setting.format() != Format.FLOAT32 || setting.path() == Path.COMPOSITE) {
      return;
    }
    int tokens = 1 << 15;
    int classes = (1 << 14) + 1;
    LinearCase none = draw(tokens, classes, 2, Reduction.NONE);
    double[] losses = setting.value(none);
    LinearHost.Results all = setting.compute(draw(tokens, classes, 2, Reduction.SUM));
    assertEquals(Arrays.stream(losses).sum(), all.loss()[0], 1e-6 * all.loss()[0]);
    double[] logSums = new double[tokens];
    for (int n = 0; n < tokens; n++) {
      logSums[n] = logSum(none, n, losses[n]);
    }
    for (int n : new int[] {0, 1, 3, tokens / 2, tokens / 2 + 1, tokens - 2, tokens - 1}) {
      checkToken(none, n, losses[n], Arrays.copyOfRange(all.hidden(), 2 * n, 2 * n + 2));
    }
    for (int c : new int[] {0, 1, classes / 2, classes - 1}) {
      double[] byWeight = Arrays.copyOfRange(all.weight(), 2 * c, 2 * c + 2);
      checkClass(none, c, logSums, byWeight, all.bias()[c]);
    }
  }

  private static double logit(LinearCase problem, int n, int c) {
    double[] h = problem.hidden();
    double[] w = problem.weight();
    return h[2 * n] * w[2 * c] + h[2 * n + 1] * w[2 * c + 1] + problem.bias()[c];
  }

  /** Of the loss of a token. */
  private static double logSum(LinearCase problem, int n, double loss) {
    return problem.counts(n)
        ? loss / problem.sampleWeights()[n] + logit(problem, n, (int) problem.labels()[n])
        : 0;
  }

  private static void checkToken(LinearCase problem, int n, double loss, double[] byHidden) {
    if (!problem.counts(n)) {
      assertEquals(0, loss);
      assertArrayEquals(new double[2], byHidden);
      return;
    }
    double[] exps =
        IntStream.range(0, problem.classes())
            .mapToDouble(c -> Math.exp(logit(problem, n, c)))
            .toArray();
    double sum = Arrays.stream(exps).sum();
    int label = (int) problem.labels()[n];
    double a = problem.sampleWeights()[n];
    assertEquals(a * (Math.log(sum) - logit(problem, n, label)), loss, 1e-5 * loss);
    for (int d = 0; d < 2; d++) {
      int at = d;
      double mean =
          IntStream.range(0, exps.length)
              .mapToDouble(c -> exps[c] / sum * problem.weight()[2 * c + at])
              .sum();
      assertEquals(a * (mean - problem.weight()[2 * label + d]), byHidden[d], 1e-4);
    }
  }

  /** With the log-sum-exps that follow from the losses. */
  private static void checkClass(
      LinearCase problem, int c, double[] logSums, double[] byWeight, double byBias) {
    double[] expected = new double[3];
    double size = 0;
    for (int n = 0; n < logSums.length; n++) {
      if (problem.counts(n)) {
        double p = Math.exp(logit(problem, n, c) - logSums[n]);
        double g = problem.sampleWeights()[n] * (p - (problem.labels()[n] == c ? 1 : 0));
        expected[0] += g * problem.hidden()[2 * n];
        expected[1] += g * problem.hidden()[2 * n + 1];
        expected[2] += g;
        size += Math.abs(g);
      }
    }
    assertArrayEquals(
        expected, new double[] {byWeight[0], byWeight[1], byBias}, 1e-4 * Math.max(1, size));
  }
}
