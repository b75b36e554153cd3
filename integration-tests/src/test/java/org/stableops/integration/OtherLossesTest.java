package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.djl.internal.TorchScript;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/**
 * Every line of docs/losses.md about libtorch 2.7.1, DJL 0.36.0 and DL4J 1.0.0-M2.1. A test that
 * fails after an upgrade says which line of that page is to be written anew.
 */
class OtherLossesTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;

  /** All expected numbers are of size 1, and sums of a few terms. */
  private static final double TOLERANCE = 1e-14;

  /**
   * Two rows of three classes; their labels; the same as probabilities; the weights of the classes.
   */
  private static final double[] LOGITS = {1, 2, 3, 0, 1, 0};

  private static final long[] LABELS = {2, 1};
  private static final double[] ONE_HOT = {0, 0, 1, 0, 1, 0};
  private static final double[] WEIGHTS = {1, 2, 3};

  /** The losses of the two rows: lse − z at the label. */
  private static final double FIRST = Math.log(1 + Math.exp(-1) + Math.exp(-2));

  private static final double SECOND = Math.log(1 + 2 * Math.exp(-1));

  /** The softmax of the first row, and of any two logits that differ by 1, with the upper first. */
  private static final double[] P = {Math.exp(-2 - FIRST), Math.exp(-1 - FIRST), Math.exp(-FIRST)};

  private static final double UPPER = 1 / (1 + Math.exp(-1));
  private static final double LOWER = 1 - UPPER;

  /** The loss of logits 1 and 2 with the lower one's label. */
  private static final double PAIR = 1 + Math.log1p(Math.exp(-1));

  /** The loss of the logits 20, 0, 0 with label 0: 4.1223e-9. */
  private static final double CONFIDENT = Math.log1p(2 * Math.exp(-20));

  private static final CrossEntropyOptions MEAN = CrossEntropyOptions.DEFAULT;
  private static final CrossEntropyOptions SUM = MEAN.withReduction(Reduction.SUM);

  private static TorchScript torch;
  private NDManager manager;

  @BeforeAll
  static void compile() {
    torch =
        TorchScript.of(
            """
            def standard(self, x: Tensor, y: Tensor) -> Tensor:
              return torch.cross_entropy_loss(x, y)
            def plain(self, x: Tensor, y: Tensor,
                      reduction: Tensor, ignored: Tensor, smoothing: Tensor) -> Tensor:
              return torch.cross_entropy_loss(
                  x, y, None, int(reduction), int(ignored), float(smoothing))
            def weighted(self, x: Tensor, y: Tensor, weights: Tensor,
                         reduction: Tensor, ignored: Tensor, smoothing: Tensor) -> Tensor:
              return torch.cross_entropy_loss(
                  x, y, weights, int(reduction), int(ignored), float(smoothing))
            """);
  }

  @AfterAll
  static void release() {
    torch.close();
  }

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  // ---- what is measured

  /** Losses, and the gradient of their sum. */
  private record Result(double[] loss, double[] gradient) {
    void assertLoss(double... expected) {
      assertArrayEquals(expected, loss, TOLERANCE);
    }

    void assertGradient(double... expected) {
      assertArrayEquals(expected, gradient, TOLERANCE);
    }
  }

  /** Ours, in both hosts and on both paths, in float64. */
  private static void assertOurs(CrossEntropyCase problem, double loss, double... gradient) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        Host.Loss ours = path.run(() -> host.crossEntropy(problem, Format.FLOAT64));
        String where = host.name() + " " + path;
        assertArrayEquals(new double[] {loss}, ours.loss(), TOLERANCE, where);
        assertArrayEquals(gradient, ours.gradient(), TOLERANCE, where);
      }
    }
  }

  private static void assertOursIs(double loss, CrossEntropyCase problem) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        Host.Loss ours = path.run(() -> host.crossEntropy(problem, Format.FLOAT64));
        assertEquals(loss, ours.loss()[0], TOLERANCE, host.name() + " " + path);
      }
    }
  }

  /** The three rows of {@link #withAnIgnoredRow}, with class weights. */
  private static CrossEntropyCase weighted(CrossEntropyOptions options) {
    return CrossEntropyCase.sparse(
        THREE_ROWS,
        3,
        new long[] {2, 1, -100},
        options.withIgnoreIndex(-100).withClassWeights(WEIGHTS));
  }

  private static CrossEntropyCase sparse(double[] logits, int classes, long... labels) {
    return CrossEntropyCase.sparse(logits, classes, labels, MEAN);
  }

  private static CrossEntropyCase ignoring(double[] logits, int classes, long... labels) {
    return CrossEntropyCase.sparse(logits, classes, labels, MEAN.withIgnoreIndex(-100));
  }

  private static CrossEntropyCase dense(double[] logits, double... probabilities) {
    return CrossEntropyCase.dense(logits, probabilities.length, probabilities, MEAN);
  }

  private static double[] row(double... logits) {
    return logits;
  }

  /** An array in memory of libtorch's own: autograd may keep it after Java let go of it. */
  private NDArray array(DataType type, int classes, double... values) {
    Shape shape = new Shape(values.length / classes, classes);
    NDArray java = manager.create(values, shape);
    return type == DataType.FLOAT64 ? java.duplicate() : java.toType(type, true);
  }

  private NDArray array(int classes, double... values) {
    return array(DataType.FLOAT64, classes, values);
  }

  private NDArray labels(long... labels) {
    return manager.create(labels);
  }

  private static Result differentiate(NDArray leaf, UnaryOperator<NDArray> function) {
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray loss = function.apply(leaf);
      collector.backward(loss.sum());
      return new Result(doubles(loss), doubles(leaf.getGradient()));
    }
  }

  private static double[] doubles(NDArray array) {
    return array.toType(DataType.FLOAT64, true).toDoubleArray();
  }

  // ---- libtorch: torch.cross_entropy_loss

  /** As ATen numbers them. */
  private enum Reduce {
    NONE,
    MEAN,
    SUM
  }

  private static final long IGNORED = -100;

  private Result libtorch(NDArray logits, NDArray targets, Reduce reduce, double smoothing) {
    return differentiate(
        logits,
        leaf ->
            torch.call(
                "plain",
                leaf,
                targets,
                manager.create((long) reduce.ordinal()),
                manager.create(IGNORED),
                manager.create(smoothing)));
  }

  private Result libtorch(
      NDArray logits, NDArray targets, double[] weights, Reduce reduce, double smoothing) {
    return differentiate(
        logits,
        leaf ->
            torch.call(
                "weighted",
                leaf,
                targets,
                array(1, weights).flatten(),
                manager.create((long) reduce.ordinal()),
                manager.create(IGNORED),
                manager.create(smoothing)));
  }

  private static final double[] THREE_ROWS = {1, 2, 3, 0, 1, 0, 5, 5, 5};

  private NDArray withAnIgnoredRow() {
    return array(3, THREE_ROWS);
  }

  @Test
  void libtorchIgnoresMinus100AndDividesByTheRowsThatCountByDefault() {
    NDArray logits = withAnIgnoredRow();
    NDArray labels = labels(2, 1, -100);
    NDArray loss = torch.call("standard", logits, labels);
    assertArrayEquals(row((FIRST + SECOND) / 2), doubles(loss), TOLERANCE);
  }

  @Test
  void libtorchDividesByTheWeightsOfTheLabels() {
    Result result = libtorch(withAnIgnoredRow(), labels(2, 1, -100), WEIGHTS, Reduce.MEAN, 0);
    result.assertLoss((3 * FIRST + 2 * SECOND) / 5);
    double p = Math.exp(-1 - SECOND);
    double[] gradient = {
      P[0] * 3 / 5, P[1] * 3 / 5, (P[2] - 1) * 3 / 5, p * 2 / 5, -2 * p * 2 / 5, p * 2 / 5, 0, 0, 0
    };
    result.assertGradient(gradient);
    assertOurs(weighted(MEAN), (3 * FIRST + 2 * SECOND) / 5, gradient);
  }

  /** The weight of a probability is that of its class, smoothed or not; as by our definition. */
  @Test
  void libtorchWeighsTheSmoothedMassByClass() {
    NDArray labels = labels(2, 1, -100);
    double first = 0.9 * 3 * FIRST + 0.1 / 3 * ((FIRST + 2) + 2 * (FIRST + 1) + 3 * FIRST);
    double second = 0.9 * 2 * SECOND + 0.1 / 3 * ((SECOND + 1) + 2 * SECOND + 3 * (SECOND + 1));
    libtorch(withAnIgnoredRow(), labels, WEIGHTS, Reduce.NONE, 0.1).assertLoss(first, second, 0);
    assertOursIs(first + second, weighted(SUM.withLabelSmoothing(0.1)));
  }

  /** Not by Σ w_c q′_c: the denominator knows nothing of the smoothing; as by our definition. */
  @Test
  void libtorchDividesByTheWeightsOfTheLabelsWithSmoothingToo() {
    NDArray labels = labels(2, 1, -100);
    Result rows = libtorch(withAnIgnoredRow(), labels, WEIGHTS, Reduce.NONE, 0.1);
    Result mean = libtorch(withAnIgnoredRow(), labels, WEIGHTS, Reduce.MEAN, 0.1);
    mean.assertLoss((rows.loss[0] + rows.loss[1]) / 5);
    assertOursIs(mean.loss[0], weighted(MEAN.withLabelSmoothing(0.1)));
  }

  /**
   * So one-hot probabilities and labels differ there as soon as there are weights; ours never do.
   */
  @Test
  void libtorchDividesByTheRowsWhereTargetsAreProbabilities() {
    NDArray probabilities = array(3, ONE_HOT);
    libtorch(array(3, LOGITS), probabilities, WEIGHTS, Reduce.MEAN, 0)
        .assertLoss((3 * FIRST + 2 * SECOND) / 2);
    assertOursIs(
        (3 * FIRST + 2 * SECOND) / 5,
        CrossEntropyCase.dense(LOGITS, 3, ONE_HOT, MEAN.withClassWeights(WEIGHTS)));
  }

  @Test
  void libtorchRefusesAnIgnoredClassWhereTargetsAreProbabilities() {
    NDArray logits = array(3, LOGITS);
    NDArray probabilities = array(3, ONE_HOT);
    EngineException error =
        assertThrows(
            EngineException.class,
            () ->
                torch.call(
                    "plain",
                    logits,
                    probabilities,
                    manager.create((long) Reduce.MEAN.ordinal()),
                    manager.create(0L),
                    manager.create(0.0)));
    assertTrue(error.getMessage().contains("ignore_index is not supported"), error.getMessage());
  }

  @Test
  void libtorchsMeanOfNoRowsIsNan() {
    Result mean = libtorch(array(2, 1, 2), labels(-100), Reduce.MEAN, 0);
    mean.assertLoss(NAN);
    mean.assertGradient(0, 0);
    libtorch(array(2, 1, 2), labels(-100), Reduce.MEAN, 0.1).assertLoss(NAN);
    libtorch(array(2, 1, 2), labels(-100), Reduce.SUM, 0).assertLoss(0);
    assertOurs(ignoring(row(1, 2), 2, -100), 0, 0, 0);
  }

  @Test
  void libtorchsMeanOfAnEmptyBatchIsNan() {
    NDArray logits = manager.create(new Shape(0, 2), DataType.FLOAT64);
    NDArray labels = manager.create(new Shape(0), DataType.INT64);
    libtorch(logits, labels, Reduce.MEAN, 0).assertLoss(NAN);
    NDArray again = manager.create(new Shape(0, 2), DataType.FLOAT64);
    libtorch(again, labels, Reduce.SUM, 0).assertLoss(0);
    assertOurs(sparse(row(), 2), 0);
  }

  @Test
  void libtorchsMeanOfWeightsZeroIsNanInTheGradientAsWell() {
    double[] weights = {0, 1, 1};
    Result result = libtorch(array(3, 1, 2, 3), labels(0), weights, Reduce.MEAN, 0);
    result.assertLoss(NAN);
    result.assertGradient(NAN, NAN, NAN);
    CrossEntropyOptions options = MEAN.withClassWeights(weights);
    assertOurs(CrossEntropyCase.sparse(row(1, 2, 3), 3, new long[] {0}, options), 0, 0, 0, 0);
  }

  /** The backward pass of log-softmax multiplies the ignored row's NaN by 0. */
  @Test
  void libtorchsGradientReadsIgnoredRows() {
    for (double poison : new double[] {NAN, INF}) {
      double[] logits = {1, 2, poison, 0};
      Result result = libtorch(array(2, logits), labels(0, -100), Reduce.MEAN, 0);
      result.assertLoss(PAIR);
      result.assertGradient(-UPPER, UPPER, NAN, NAN);
      assertOurs(ignoring(logits, 2, 0, -100), PAIR, -UPPER, UPPER, 0, 0);
    }
  }

  @Test
  void libtorchsGradientReadsIgnoredRowsUnderSmoothingToo() {
    NDArray logits = array(2, 1, 2, NAN, 0);
    Result result = libtorch(logits, labels(0, -100), Reduce.MEAN, 0.1);
    result.assertLoss(0.95 * PAIR + 0.05 * (PAIR - 1));
    result.assertGradient(LOWER - 0.95, UPPER - 0.05, NAN, NAN);
  }

  @Test
  void libtorchsConfidentRowIsZeroInFloat32() {
    NDArray logits = array(DataType.FLOAT32, 3, 20, 0, 0);
    Result result = libtorch(logits, labels(0), Reduce.NONE, 0);
    assertEquals(0, Math.abs(result.loss[0]));
    assertEquals(0, Math.abs(result.gradient[0]));
    assertOursKeepsTheDigitsOfAConfidentRow();
  }

  /** To 3e-8 of its size, which is 170 million ulp. */
  @Test
  void libtorchsConfidentRowLosesHalfItsDigitsInFloat64() {
    Result result = libtorch(array(3, 20, 0, 0), labels(0), Reduce.NONE, 0);
    assertEquals(CONFIDENT, result.loss[0], 1e-7 * CONFIDENT);
    assertTrue(Math.abs(result.loss[0] - CONFIDENT) > 1e-8 * CONFIDENT);
  }

  private static void assertOursKeepsTheDigitsOfAConfidentRow() {
    double ulp = Math.ulp((float) CONFIDENT);
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        CrossEntropyCase problem = sparse(row(20, 0, 0), 3, 0);
        Host.Loss ours = path.run(() -> host.crossEntropy(problem, Format.FLOAT32));
        assertEquals(CONFIDENT, ours.loss()[0], ulp, host.name() + " " + path);
        assertEquals(-CONFIDENT, ours.gradient()[0], ulp, host.name() + " " + path);
      }
    }
  }

  @Test
  void libtorchsLossIsNotClipped() {
    Result result = libtorch(array(2, 1000, 0), labels(1), Reduce.NONE, 0);
    result.assertLoss(1000);
    result.assertGradient(1, -1);
    assertOurs(sparse(row(1000, 0), 2, 1), 1000, 1, -1);
  }

  @Test
  void libtorchTakesADeadClassAsAbsentWhereTargetsAreLabels() {
    double[] logits = {1, -INF, 2};
    Result result = libtorch(array(3, logits), labels(0), Reduce.NONE, 0);
    result.assertLoss(PAIR);
    result.assertGradient(-UPPER, 0, UPPER);
    assertOurs(sparse(logits, 3, 0), PAIR, -UPPER, 0, UPPER);
  }

  @Test
  void libtorchsLossOfADeadLabelIsInfinite() {
    double[] logits = {1, -INF, 2};
    Result result = libtorch(array(3, logits), labels(1), Reduce.NONE, 0);
    result.assertLoss(INF);
    result.assertGradient(LOWER, -1, UPPER);
    assertOurs(sparse(logits, 3, 1), INF, LOWER, -1, UPPER);
  }

  /** The gradient is that of the probabilities without the dead class, and right. */
  @Test
  void libtorchMultipliesZeroMassByInfinity() {
    double[] logits = {1, -INF, 2};
    double[] probabilities = {0.25, 0, 0.75};
    Result result = libtorch(array(3, logits), array(3, probabilities), Reduce.NONE, 0);
    result.assertLoss(NAN);
    result.assertGradient(LOWER - 0.25, 0, UPPER - 0.75);
    double loss = 0.25 * PAIR + 0.75 * (PAIR - 1);
    assertOurs(dense(logits, probabilities), loss, LOWER - 0.25, 0, UPPER - 0.75);
  }

  @Test
  void libtorchsSmoothingReachesDeadClasses() {
    Result sparse = libtorch(array(3, 1, -INF, 2), labels(0), Reduce.NONE, 0.1);
    sparse.assertLoss(INF);
    double s = 0.1 / 3;
    sparse.assertGradient(LOWER - 0.9 - s, -s, UPPER - s);
    NDArray probabilities = array(3, 1, 0, 0);
    Result dense = libtorch(array(3, 1, -INF, 2), probabilities, Reduce.NONE, 0.1);
    dense.assertLoss(INF);
    dense.assertGradient(LOWER - 0.9 - s, -s, UPPER - s);
    // Ours spreads it over the two live classes.
    CrossEntropyOptions smoothed = MEAN.withLabelSmoothing(0.1);
    assertOurs(
        CrossEntropyCase.sparse(row(1, -INF, 2), 3, new long[] {0}, smoothed),
        0.95 * PAIR + 0.05 * (PAIR - 1),
        LOWER - 0.95,
        0,
        UPPER - 0.05);
  }

  @Test
  void libtorchMultipliesAClassWeightOfZeroByInfinity() {
    double[] weights = {1, 0, 1};
    libtorch(array(3, 1, -INF, 2), labels(0), weights, Reduce.NONE, 0.1).assertLoss(NAN);
    libtorch(array(3, 1, -INF, 2), labels(1), weights, Reduce.NONE, 0).assertLoss(NAN);
    CrossEntropyOptions options = SUM.withClassWeights(weights);
    assertOursIs(0, CrossEntropyCase.sparse(row(1, -INF, 2), 3, new long[] {1}, options));
    assertOursIs(
        0.95 * PAIR + 0.05 * (PAIR - 1),
        CrossEntropyCase.sparse(
            row(1, -INF, 2), 3, new long[] {0}, options.withLabelSmoothing(0.1)));
  }

  @Test
  void libtorchsLossOfAnInfiniteLogitAtTheLabelIsNan() {
    Result result = libtorch(array(2, INF, 0), labels(0), Reduce.NONE, 0);
    result.assertLoss(NAN);
    result.assertGradient(NAN, NAN);
    assertOurs(sparse(row(INF, 0), 2, 0), 0, 0, 0);
  }

  @Test
  void libtorchTakesProbabilitiesThatDoNotSumToOneAsTheyAre() {
    Result result = libtorch(array(3, 1, 2, 3), array(3, 1, 0, 1), Reduce.NONE, 0);
    result.assertLoss(2 * FIRST + 2);
    result.assertGradient(2 * P[0] - 1, 2 * P[1], 2 * P[2] - 1);
    // Ours divides by the probability of 2, unless it is asked for the sum.
    CrossEntropyCase problem = CrossEntropyCase.dense(row(1, 2, 3), 3, row(1, 0, 1), SUM);
    assertOurs(problem, 2 * FIRST + 2, 2 * P[0] - 1, 2 * P[1], 2 * P[2] - 1);
    assertOurs(dense(row(1, 2, 3), 1, 0, 1), FIRST + 1, P[0] - 0.5, P[1], P[2] - 0.5);
  }

  /** Each class gets s/C, whatever the probabilities sum to; by our definition s·M/K. */
  @Test
  void libtorchSpreadsTheSmoothingOfOneUnitOfProbability() {
    libtorch(array(3, 1, 2, 3), array(3, 1, 0, 1), Reduce.NONE, 0.1)
        .assertLoss(0.9 * (2 * FIRST + 2) + 0.1 / 3 * (3 * FIRST + 3));
    assertOursIs(
        0.9 * (2 * FIRST + 2) + 0.2 / 3 * (3 * FIRST + 3),
        CrossEntropyCase.dense(row(1, 2, 3), 3, row(1, 0, 1), SUM.withLabelSmoothing(0.1)));
  }

  @Test
  void libtorchRefusesLabelsOutOfRange() {
    for (long label : new long[] {-1, 2}) {
      NDArray logits = array(2, 1, 2);
      EngineException error =
          assertThrows(EngineException.class, () -> torch.call("standard", logits, labels(label)));
      String expected = "Target " + label + " is out of bounds";
      assertTrue(error.getMessage().contains(expected), error.getMessage());
    }
  }

  // ---- DJL: SoftmaxCrossEntropyLoss

  private static final Loss DJL_SPARSE = new SoftmaxCrossEntropyLoss("sparse", 1, -1, true, true);
  private static final Loss DJL_DENSE = new SoftmaxCrossEntropyLoss("dense", 1, -1, false, true);

  private static Result djl(Loss loss, NDArray logits, NDArray targets) {
    return differentiate(logits, leaf -> loss.evaluate(new NDList(targets), new NDList(leaf)));
  }

  @Test
  void djlDividesByTheRows() {
    djl(DJL_SPARSE, array(3, LOGITS), labels(LABELS)).assertLoss((FIRST + SECOND) / 2);
    djl(DJL_DENSE, array(3, LOGITS), array(3, ONE_HOT)).assertLoss((FIRST + SECOND) / 2);
  }

  /** It scales the loss as a whole, and so is no weight of a class or a sample. */
  @Test
  void djlsWeightIsOneFactor() {
    Loss twice = new SoftmaxCrossEntropyLoss("twice", 2, -1, true, true);
    djl(twice, array(3, LOGITS), labels(LABELS)).assertLoss(FIRST + SECOND);
  }

  /**
   * There is no ignored label: a row of probabilities 0 is the nearest thing, and counts as a row.
   */
  @Test
  void djlCountsRowsWithoutProbability() {
    double[] probabilities = {0, 0, 1, 0, 0, 0};
    djl(DJL_DENSE, array(3, LOGITS), array(3, probabilities)).assertLoss(FIRST / 2);
    CrossEntropyCase problem = CrossEntropyCase.dense(LOGITS, 3, probabilities, MEAN);
    assertOurs(problem, FIRST, P[0], P[1], P[2] - 1, 0, 0, 0);
  }

  @Test
  void djlReadsRowsWithoutProbability() {
    Result result = djl(DJL_DENSE, array(2, 1, 2, NAN, 0), array(2, 1, 0, 0, 0));
    result.assertLoss(NAN);
    result.assertGradient(-UPPER / 2, UPPER / 2, NAN, NAN);
  }

  @Test
  void djlsConfidentRowIsZeroInFloat32() {
    NDArray logits = array(DataType.FLOAT32, 3, 20, 0, 0);
    Result result = djl(DJL_SPARSE, logits, labels(0));
    assertEquals(0, Math.abs(result.loss[0]));
    assertEquals(0, Math.abs(result.gradient[0]));
  }

  @Test
  void djlsLossIsNotClipped() {
    djl(DJL_SPARSE, array(2, 1000, 0), labels(1)).assertLoss(1000);
  }

  @Test
  void djlTakesADeadClassAsAbsentWhereTargetsAreLabels() {
    djl(DJL_SPARSE, array(3, 1, -INF, 2), labels(0)).assertLoss(PAIR);
    djl(DJL_SPARSE, array(3, 1, -INF, 2), labels(1)).assertLoss(INF);
  }

  @Test
  void djlMultipliesZeroMassByInfinity() {
    Result result = djl(DJL_DENSE, array(3, 1, -INF, 2), array(3, 1, 0, 0));
    result.assertLoss(NAN);
    result.assertGradient(-UPPER, 0, UPPER);
    assertOurs(dense(row(1, -INF, 2), 1, 0, 0), PAIR, -UPPER, 0, UPPER);
  }

  /** The row's gradient says so as well. */
  @Test
  void djlTakesALabelOfNineTenthsForZero() {
    NDArray label = array(1, 0.9).flatten();
    Result result = djl(DJL_SPARSE, array(3, 1, 2, 3), label);
    result.assertLoss(FIRST + 2);
    result.assertGradient(P[0] - 1, P[1], P[2]);
  }

  @Test
  void djlRefusesLabelsOutOfRange() {
    for (long label : new long[] {-100, -1, 3}) {
      EngineException error =
          assertThrows(
              EngineException.class, () -> djl(DJL_SPARSE, array(3, 1, 2, 3), labels(label)));
      String expected = "index " + label + " is out of bounds";
      assertTrue(error.getMessage().contains(expected), error.getMessage());
    }
  }

  @Test
  void djlsSparseLossRefusesThreeDimensions() {
    NDArray labels = labels(0, 1).reshape(1, 2);
    for (int axis : new int[] {1, -1}) {
      Loss loss = new SoftmaxCrossEntropyLoss("sparse", 1, axis, true, true);
      NDArray logits = array(2, 1, 2, 3, 4).reshape(1, 2, 2);
      EngineException error = assertThrows(EngineException.class, () -> djl(loss, logits, labels));
      assertTrue(error.getMessage().contains("is invalid for input of size"), error.getMessage());
    }
  }

  @Test
  void djlsDenseLossTakesTheClassesFromTheMiddle() {
    Loss loss = new SoftmaxCrossEntropyLoss("dense", 1, 1, false, true);
    NDArray logits = array(2, 1, 2, 2, 3).reshape(1, 2, 2);
    NDArray probabilities = array(2, 1, 0, 0, 1).reshape(1, 2, 2);
    djl(loss, logits, probabilities).assertLoss((PAIR + PAIR - 1) / 2);
  }

  /** Ours divides by the probability as well, which libtorch's test above shows. */
  @Test
  void djlTakesProbabilitiesThatDoNotSumToOneAsTheyAre() {
    Result result = djl(DJL_DENSE, array(3, 1, 2, 3), array(3, 1, 0, 1));
    result.assertLoss(2 * FIRST + 2);
    result.assertGradient(2 * P[0] - 1, 2 * P[1], 2 * P[2] - 1);
  }

  @Test
  void djlsLossOfAnEmptyBatchIsNan() {
    NDArray logits = manager.create(new Shape(0, 2), DataType.FLOAT64);
    NDArray labels = manager.create(new Shape(0), DataType.INT64);
    djl(DJL_SPARSE, logits, labels).assertLoss(NAN);
  }

  // ---- DL4J: LossMCXENT and LossSparseMCXENT, of logits under softmax

  private static final IActivation SOFTMAX = new ActivationSoftmax();

  private static INDArray matrix(int classes, double... values) {
    return Nd4j.createFromArray(values).reshape(values.length / classes, classes);
  }

  private static Result dl4j(LossMCXENT loss, INDArray logits, INDArray labels, INDArray mask) {
    double[] sum = {loss.computeScore(labels, logits.dup(), SOFTMAX, mask, false)};
    INDArray gradient = loss.computeGradient(labels, logits.dup(), SOFTMAX, mask);
    return new Result(sum, gradient.ravel().toDoubleVector());
  }

  private static Result dl4j(LossMCXENT loss, INDArray logits, INDArray labels) {
    return dl4j(loss, logits, labels, null);
  }

  private static double average(LossMCXENT loss, INDArray mask) {
    INDArray labels = matrix(3, ONE_HOT);
    return loss.computeScore(labels, matrix(3, LOGITS), SOFTMAX, mask, true);
  }

  @Test
  void dl4jSumsAndDividesByTheRows() {
    LossMCXENT loss = new LossMCXENT();
    Result sum = dl4j(loss, matrix(3, LOGITS), matrix(3, ONE_HOT));
    sum.assertLoss(FIRST + SECOND);
    double p = Math.exp(-1 - SECOND);
    sum.assertGradient(P[0], P[1], P[2] - 1, p, -2 * p, p);
    assertEquals((FIRST + SECOND) / 2, average(loss, null), TOLERANCE);
  }

  @Test
  void dl4jsSparseLossIsTheSame() {
    INDArray labels = Nd4j.createFromArray(2, 1).reshape(2, 1);
    Result result = dl4j(new LossSparseMCXENT(), matrix(3, LOGITS), labels);
    result.assertLoss(FIRST + SECOND);
  }

  /** The average divides by the rows, not by the weights. */
  @Test
  void dl4jsClassWeightsAreNotDividedBy() {
    LossMCXENT loss = new LossMCXENT(matrix(3, WEIGHTS));
    Result sum = dl4j(loss, matrix(3, LOGITS), matrix(3, ONE_HOT));
    sum.assertLoss(3 * FIRST + 2 * SECOND);
    double p = Math.exp(-1 - SECOND);
    sum.assertGradient(3 * P[0], 3 * P[1], 3 * (P[2] - 1), 2 * p, -4 * p, 2 * p);
    assertEquals((3 * FIRST + 2 * SECOND) / 2, average(loss, null), TOLERANCE);
  }

  @Test
  void dl4jsMaskWeighsRowsAndIsNotDividedBy() {
    LossMCXENT loss = new LossMCXENT();
    assertEquals(FIRST / 2, average(loss, matrix(1, 1, 0)), TOLERANCE);
    assertEquals((FIRST + SECOND / 4) / 2, average(loss, matrix(1, 1, 0.25)), TOLERANCE);
    assertEquals(0, average(loss, matrix(1, 0, 0)), TOLERANCE);
  }

  /** Ours never reads a row of weight 0. */
  @Test
  void dl4jReadsMaskedRows() {
    double[] logits = {1, 2, 3, NAN, 1, 0};
    INDArray mask = matrix(1, 1, 0);
    Result result = dl4j(new LossMCXENT(), matrix(3, logits), matrix(3, ONE_HOT), mask);
    result.assertLoss(NAN);
    result.assertGradient(P[0], P[1], P[2] - 1, NAN, NAN, NAN);
    ValueAndGradient<INDArray> ours =
        SparseSoftmaxCrossEntropy.valueAndGradient(
            matrix(3, logits), Nd4j.createFromArray(LABELS), mask.ravel(), MEAN);
    assertEquals(FIRST, ours.value().getDouble(0), TOLERANCE);
    double[] gradient = ours.gradient().ravel().toDoubleVector();
    assertArrayEquals(row(P[0], P[1], P[2] - 1, 0, 0, 0), gradient, TOLERANCE);
  }

  /** A mask of an element each has a score, and no gradient. */
  @Test
  void dl4jDoesNotDifferentiateAMaskOfElements() {
    LossMCXENT loss = new LossMCXENT();
    INDArray mask = matrix(3, 1, 1, 0, 0, 1, 1);
    assertEquals(SECOND / 2, average(loss, mask), TOLERANCE);
    assertThrows(
        UnsupportedOperationException.class,
        () -> loss.computeGradient(matrix(3, ONE_HOT), matrix(3, LOGITS), SOFTMAX, mask));
  }

  /** While the gradient goes on: it is not that of the clipped loss. */
  @Test
  void dl4jsLossStopsAt23() {
    Result result = dl4j(new LossMCXENT(), matrix(2, 1000, 0), matrix(2, 0, 1));
    assertEquals(-Math.log(1e-10), result.loss[0], TOLERANCE * 100);
    result.assertGradient(1, -1);
    Result dead = dl4j(new LossMCXENT(), matrix(3, 1, -INF, 2), matrix(3, 0, 1, 0));
    assertEquals(-Math.log(1e-10), dead.loss[0], TOLERANCE * 100);
    dead.assertGradient(LOWER, -1, UPPER);
  }

  /** Unless the clipping is switched off, which makes it the log of an underflow. */
  @Test
  void dl4jsUnclippedLossIsTheLogOfSoftmax() {
    LossMCXENT loss = new LossMCXENT(0, null);
    dl4j(loss, matrix(2, 1000, 0), matrix(2, 0, 1)).assertLoss(INF);
    dl4j(loss, matrix(3, 1, -INF, 2), matrix(3, 1, 0, 0)).assertLoss(NAN);
  }

  @Test
  void dl4jsConfidentRowIsZeroInFloat() {
    INDArray logits = Nd4j.createFromArray(new float[][] {{20, 0, 0}});
    INDArray labels = Nd4j.createFromArray(new float[][] {{1, 0, 0}});
    Result result = dl4j(new LossMCXENT(), logits, labels);
    assertEquals(0, Math.abs(result.loss[0]));
    assertEquals(0, Math.abs(result.gradient[0]));
  }

  /** In double the probability is clipped at 1 − 1e-10: the loss never falls below 1e-10. */
  @Test
  void dl4jsConfidentRowStopsAtTheClippingInDouble() {
    LossMCXENT loss = new LossMCXENT();
    double confident = dl4j(loss, matrix(3, 20, 0, 0), matrix(3, 1, 0, 0)).loss[0];
    assertEquals(CONFIDENT, confident, 1e-7 * CONFIDENT);
    double clipped = dl4j(loss, matrix(3, 40, 0, 0), matrix(3, 1, 0, 0)).loss[0];
    assertEquals(1e-10, clipped, 1e-16);
    double exact = Math.log1p(2 * Math.exp(-40));
    CrossEntropyCase problem = sparse(row(40, 0, 0), 3, 0);
    assertOurs(problem, exact, -exact, exact / 2, exact / 2);
  }

  /** Clipping makes the −inf finite before 0 multiplies it. */
  @Test
  void dl4jTakesADeadClassAsAbsent() {
    Result result = dl4j(new LossMCXENT(), matrix(3, 1, -INF, 2), matrix(3, 1, 0, 0));
    result.assertLoss(PAIR);
    result.assertGradient(-UPPER, 0, UPPER);
  }

  /** p − q is the gradient of probabilities that sum to 1 only; weights, even of 1, mend it. */
  @Test
  void dl4jsGradientSupposesProbabilitiesThatSumToOne() {
    INDArray logits = matrix(3, 1, 2, 3);
    INDArray probabilities = matrix(3, 1, 0, 1);
    Result plain = dl4j(new LossMCXENT(), logits, probabilities);
    plain.assertLoss(2 * FIRST + 2);
    plain.assertGradient(P[0] - 1, P[1], P[2] - 1);
    Result weighted = dl4j(new LossMCXENT(matrix(3, 1, 1, 1)), logits, probabilities);
    weighted.assertLoss(2 * FIRST + 2);
    weighted.assertGradient(2 * P[0] - 1, 2 * P[1], 2 * P[2] - 1);
  }

  /** The row's loss is 0, as if it were ignored, but its gradient is softmax. */
  @Test
  void dl4jsSparseLossTakesLabelsOutOfRange() {
    for (double label : new double[] {-1, 3}) {
      Result result = dl4j(new LossSparseMCXENT(), matrix(3, 1, 2, 3), matrix(1, label));
      result.assertLoss(0);
      result.assertGradient(P[0], P[1], P[2]);
    }
  }

  @Test
  void dl4jsSparseLossTakesALabelOfNineTenthsForZero() {
    Result result = dl4j(new LossSparseMCXENT(), matrix(3, 1, 2, 3), matrix(1, 0.9));
    result.assertLoss(FIRST + 2);
    result.assertGradient(P[0] - 1, P[1], P[2]);
  }
}
