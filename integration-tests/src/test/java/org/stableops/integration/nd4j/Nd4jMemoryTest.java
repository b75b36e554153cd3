package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.integration.Effort;
import org.stableops.integration.NewJvm;
import org.stableops.integration.host.Path;
import org.stableops.integration.memory.ProcessMemory;
import org.stableops.nd4j.GumbelSoftmax;
import org.stableops.nd4j.LinearCrossEntropy;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.evaluation.DevianceEvaluation;
import org.stableops.nd4j.layers.LearnableSquareplusLayer;
import org.stableops.nd4j.layers.PositiveScaleLayer;
import org.stableops.nd4j.lossfunctions.LossFusedNegativeBinomial;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;
import org.stableops.nd4j.lossfunctions.LossFusedSigmoidCrossEntropy;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.samediff.PositiveVariable;
import org.stableops.nd4j.weights.PositiveConstraint;
import org.stableops.nd4j.weights.PositiveWeights;

/**
 * Native memory does not grow. Every program runs in a JVM of its own with a small heap and a limit
 * on native memory, and reports what it measured in its last line.
 */
@Tag("thorough")
final class Nd4jMemoryTest {
  private static final List<String> SMALL =
      ProcessMemory.jvmOptions("256m", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g");

  private static final int STEPS = Effort.of(200, 500);

  /**
   * The host's own primitives leave scalars and contexts to the collector, but these are small:
   * {@link #arraysKiB} does not count them.
   */
  @Test
  void intermediatesAreFreedWithoutTheGarbageCollector() throws Exception {
    assertFreed(Path.FUSED, Effort.of(15, 50));
  }

  /** Apart, for it takes minutes. */
  @Test
  @Tag("endurance")
  void intermediatesOfCompositesAreFreedWithoutTheGarbageCollector() throws Exception {
    assertFreed(Path.COMPOSITE, 20);
  }

  private static void assertFreed(Path path, int steps) throws Exception {
    List<String> options = new ArrayList<>(SMALL);
    // Arrays that nobody closes are then never freed, however often the collector runs.
    options.add("-Dorg.bytedeco.javacpp.nopointergc=true");
    options.add("-Dsteps=" + steps);
    String line = NewJvm.lastLine(Eager.class, options, path);
    System.out.println("eager, " + path + ": " + line);
    Map<String, Long> grown = NewJvm.numbers(line);
    long limit = Eager.limitKiB(steps);
    assertTrue(grown.remove("leakedKiB") > limit, "the measure sees a leak");
    grown.forEach((what, kib) -> assertTrue(kib < limit, what + " " + kib));
  }

  @Test
  @Tag("endurance")
  void networksTrainWithoutGrowing() throws Exception {
    String line = NewJvm.lastLine(Training.class, SMALL);
    System.out.println(line);
    assertFlat(line);
  }

  @Test
  @Tag("endurance")
  void dl4jTrainsPositiveParametersWithoutGrowing() throws Exception {
    String line = NewJvm.lastLine(Training.class, SMALL, "positive");
    System.out.println(line);
    assertFlat(line);
  }

  @Test
  void resultsOfTheCrossEntropiesCanBeClosed() {
    INDArray z = Nd4j.ones(DataType.FLOAT, 3, 4);
    INDArray y = Nd4j.createFromArray(0, 1, 2);
    CrossEntropyOptions none = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    for (Path path : Path.values()) {
      path.run(
          () -> {
            for (ValueAndGradient<INDArray> both :
                List.of(
                    SparseSoftmaxCrossEntropy.valueAndGradient(z, y),
                    SparseSoftmaxCrossEntropy.valueAndGradient(z, y, none),
                    SoftmaxCrossEntropy.valueAndGradient(z, z),
                    SoftmaxCrossEntropy.valueAndGradient(z, z, none))) {
              assertTrue(both.value().closeable(), "value, " + path);
              assertTrue(both.gradient().closeable(), "gradient, " + path);
            }
            return null;
          });
    }
  }

  @Test
  void resultsBelongToTheCallerAndArgumentsStayOpen() {
    for (Path path : Path.values()) {
      path.run(
          () -> {
            try (INDArray x = Nd4j.ones(DataType.FLOAT, 3, 4);
                INDArray value = Softplus.value(x);
                INDArray gradient = Softplus.gradient(x)) {
              assertTrue(value.closeable() && gradient.closeable());
              assertFalse(x.wasClosed());
            }
            return null;
          });
    }
  }

  /**
   * After the warm-up, less than half of one leaked array of 256 × 64 floats a step: smaller ones
   * would hide in what the host itself leaves to the collector, of which the warm-up's 5 MB may go
   * meanwhile.
   */
  private static void assertFlat(String line) {
    NewJvm.numbers(line).values().forEach(kib -> assertTrue(kib < 32L * STEPS, line));
  }

  // ---- programs of the other JVM

  /** Every eager call, results closed, then the same with arguments that are refused. */
  static final class Eager {
    private static final int SIDE = 100;
    private static final int TIMES = Integer.getInteger("steps", 0);
    private static final int SIZE = SIDE * SIDE;
    private static final INDArray X = Nd4j.linspace(DataType.FLOAT, -4, 100.0 / SIZE, SIZE);
    private static final INDArray DOUBLES = X.castTo(DataType.DOUBLE).reshape(SIDE, SIDE);
    private static final INDArray VIEW = X.reshape(SIDE, SIDE).transpose();
    private static final INDArray HALF = X.castTo(DataType.FLOAT16);
    private static final INDArray HALVES = HALF.reshape(SIDE, SIDE);
    private static final INDArray BAD_HALF = HALF.neg();
    private static final INDArray X_PARAMETERS = Nd4j.ones(DataType.FLOAT, SIZE);
    private static final INDArray Y = Nd4j.zeros(DataType.INT32, SIDE);
    private static final INDArray SOME = Nd4j.arange(SIDE).castTo(DataType.INT32);
    private static final INDArray BAD = Nd4j.zeros(DataType.INT32, SIDE).addi(SIDE);
    private static final INDArray Q = Nd4j.ones(DataType.FLOAT, SIDE, SIDE).muli(0.01);
    private static final INDArray BAD_Q = Nd4j.ones(DataType.FLOAT, SIDE, SIDE).muli(-0.01);
    private static final INDArray WEIGHTS = Nd4j.ones(DataType.FLOAT, SIDE);
    private static final INDArray TRUTHS = WEIGHTS.castTo(DataType.BOOL).reshape(SIDE, 1);
    private static final INDArray BAD_WEIGHTS = WEIGHTS.neg();
    private static final INDArray OUT = Nd4j.create(DataType.FLOAT, SIZE);

    private static final INDArray POSITIVE = Q.add(1);
    private static final INDArray WIDE = POSITIVE.castTo(DataType.DOUBLE);
    private static final INDArray HALF_POSITIVE = POSITIVE.castTo(DataType.FLOAT16);
    private static final INDArray ROW = WEIGHTS.reshape(1, SIDE);
    private static final INDArray WIDE_ROW = ROW.castTo(DataType.DOUBLE);
    private static final INDArray HALF_ROW = ROW.castTo(DataType.FLOAT16);
    private static final INDArray COUNTS =
        Nd4j.arange(SIZE).castTo(DataType.INT32).reshape(SIDE, SIDE);
    private static final INDArray ANSWERS = COUNTS.castTo(DataType.BOOL);
    private static final INDArray TWICE = Nd4j.concat(1, POSITIVE, POSITIVE);
    private static final INDArray SERIES = POSITIVE.reshape(SIDE, SIDE / 10, 10);
    private static final INDArray BAD_SERIES = SERIES.neg();
    private static final INDArray STEPS_THAT_COUNT = Nd4j.ones(DataType.FLOAT, SIDE, 10);
    private static final INDArray TWO = Nd4j.scalar(2f);
    private static final INDArray WIDE_TWO = Nd4j.scalar(2.0);
    private static final INDArray HALF_TWO = TWO.castTo(DataType.FLOAT16);

    private static final PositiveVariable VARIABLE =
        PositiveVariable.create(SameDiff.create(), "v", PositiveTransform.softplus(), POSITIVE);

    private static final double[] CLASS_WEIGHTS = new double[SIDE];

    static {
      Arrays.setAll(CLASS_WEIGHTS, i -> 0.5 + i % 3);
    }

    private Eager() {}

    public static void main(String[] arguments) throws IOException {
      Path path = Path.valueOf(arguments[0]);
      long leaked = leakedKiB(TIMES);
      System.out.printf(
          Locale.ROOT,
          "elementwiseKiB=%d parametersKiB=%d errorKiB=%d crossEntropyKiB=%d optionsKiB=%d"
              + " softmaxKiB=%d linearKiB=%d elementLossesKiB=%d layerLossesKiB=%d drawsKiB=%d"
              + " lossErrorsKiB=%d transformsKiB=%d variableKiB=%d leakedKiB=%d%n",
          grownKiB(path, Eager::elementwise),
          grownKiB(path, Eager::withParameters),
          grownKiB(path, Eager::errors),
          grownKiB(path, Eager::crossEntropies),
          grownKiB(path, Eager::withOptions),
          grownKiB(path, Eager::logSoftmax),
          grownKiB(path, Eager::linear),
          grownKiB(path, Eager::elementLosses),
          grownKiB(path, Eager::layerLosses),
          grownKiB(path, Eager::draws),
          grownKiB(path, Eager::lossErrors),
          grownKiB(path, Eager::transforms),
          grownKiB(path, Eager::variable),
          leaked);
    }

    /**
     * The middle one of three rounds: a leak is in all of them, what happens once is in one. Of up
     * to nine where it is too much, for the JVM may take memory in more than one.
     */
    private static long grownKiB(Path path, Runnable step) throws IOException {
      repeat(path, step, 5);
      List<Long> rounds = new ArrayList<>(List.of(roundKiB(path, step)));
      do {
        rounds.add(roundKiB(path, step));
        rounds.add(roundKiB(path, step));
        Collections.sort(rounds);
      } while (rounds.get(rounds.size() / 2) >= limitKiB(TIMES) && rounds.size() < 9);
      return rounds.get(rounds.size() / 2);
    }

    private static long roundKiB(Path path, Runnable step) throws IOException {
      long before = arraysKiB();
      repeat(path, step, TIMES);
      return arraysKiB() - before;
    }

    /**
     * Less than the smallest array a step; of those, the program has leaked one a step on purpose.
     */
    static long limitKiB(int steps) {
      return steps * 9L / 10 * SIDE * SIDE * Float.BYTES / 1024;
    }

    private static void repeat(Path path, Runnable step, int times) {
      path.run(
          () -> {
            for (int i = 0; i < times; i++) {
              step.run();
            }
            return null;
          });
    }

    /**
     * What the measure shows when the smallest array is not closed, once a step: the most of a few
     * rounds, for the first arrays may get memory that has been free all the time.
     */
    private static long leakedKiB(int steps) throws IOException {
      List<INDArray> leaked = new ArrayList<>();
      long most = Long.MIN_VALUE;
      for (int round = 0; round < 9 && most <= limitKiB(steps); round++) {
        long before = arraysKiB();
        for (int i = 0; i < steps; i++) {
          leaked.add(X.dup());
        }
        most = Math.max(most, arraysKiB() - before);
      }
      leaked.forEach(INDArray::close);
      return most;
    }

    private static void elementwise() {
      for (INDArray x : List.of(X, VIEW, HALF)) {
        close(Softplus.value(x, 1.7), Softplus.gradient(x, 1.7));
        close(SoftplusInverse.value(x), SoftplusInverse.gradient(x));
        close(Squareplus.value(x), Squareplus.gradient(x));
        close(SquareplusInverse.value(x), SquareplusInverse.gradient(x));
      }
      Squareplus.valueInto(X, OUT);
      Softplus.valueInto(X, OUT);
    }

    /** A parameter a column, and one an element. */
    private static void withParameters() {
      for (INDArray x : List.of(VIEW, HALVES)) {
        try (INDArray column = Nd4j.ones(x.dataType(), SIDE, 1);
            INDArray all = Nd4j.ones(x.dataType(), SIDE, SIDE)) {
          close(Softplus.value(x, column), Softplus.parameterGradient(x, all));
          close(SoftplusInverse.gradient(x, column), SoftplusInverse.parameterGradient(x, column));
          close(Squareplus.value(x, all), Squareplus.parameterGradient(x, column));
          close(SquareplusInverse.value(x, column), SquareplusInverse.gradient(x, all));
        }
      }
      Squareplus.valueInto(X, X_PARAMETERS, OUT);
    }

    private static void crossEntropies() {
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
      close(SparseSoftmaxCrossEntropy.valueAndGradient(DOUBLES, Y, options));
      close(SparseSoftmaxCrossEntropy.valueAndGradient(VIEW, Y, WEIGHTS, options));
      close(SparseSoftmaxCrossEntropy.valueAndGradient(VIEW, Y, options.withAxis(0)));
      close(SoftmaxCrossEntropy.valueAndGradient(DOUBLES, Q, options));
      close(SoftmaxCrossEntropy.valueAndGradient(VIEW, Q, WEIGHTS, options));
      close(SparseSoftmaxCrossEntropy.value(VIEW, Y, options));
      close(SparseSoftmaxCrossEntropy.gradient(VIEW, Y, options));
      close(SoftmaxCrossEntropy.value(DOUBLES, Q, options));
      close(SoftmaxCrossEntropy.gradient(DOUBLES, Q, options));
      close(SparseSoftmaxCrossEntropy.value(DOUBLES, Y));
    }

    private static void withOptions() {
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT
              .withClassWeights(CLASS_WEIGHTS)
              .withLabelSmoothing(0.1)
              .withZLoss(1e-3);
      close(SparseSoftmaxCrossEntropy.valueAndGradient(VIEW, Y, TRUTHS, options));
      close(SoftmaxCrossEntropy.valueAndGradient(DOUBLES, Q, WEIGHTS, options.withAxis(0)));
      SparseSoftmaxCrossEntropy.evaluate(DOUBLES, Y, options.withIgnoreIndex(0)).close();
      SoftmaxCrossEntropy.evaluate(VIEW, Q, WEIGHTS, options.withReduction(Reduction.NONE)).close();
    }

    private static void logSoftmax() {
      for (INDArray x : List.of(VIEW, DOUBLES, HALF.reshape(SIDE, SIDE))) {
        int axis = x == DOUBLES ? 1 : 0;
        close(LogSumExp.value(x, axis), LogSumExp.gradient(x, axis));
        close(LogSoftmax.value(x, axis), LogSoftmax.gradient(x, axis, x));
      }
    }

    /** As many classes as tokens, of which one is ignored in the end. */
    private static void linear() {
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
      close(LinearCrossEntropy.value(DOUBLES, DOUBLES, Y));
      close(LinearCrossEntropy.value(VIEW, Q, WEIGHTS, Y, TRUTHS, options));
      close(LinearCrossEntropy.valueAndGradients(HALVES, HALVES, Y));
      close(
          LinearCrossEntropy.valueAndGradients(
              VIEW, Q, WEIGHTS, SOME, null, options.withIgnoreIndex(0)));
      LinearCrossEntropyDirection<INDArray> v = new LinearCrossEntropyDirection<>(Q, VIEW, WEIGHTS);
      LinearCrossEntropy.gaussNewtonProduct(
              VIEW, Q, WEIGHTS, SOME, null, v, options.withIgnoreIndex(0))
          .close();
      assertThrows(
          IllegalArgumentException.class, () -> LinearCrossEntropy.valueAndGradients(VIEW, Q, BAD));
      assertThrows(
          IllegalArgumentException.class,
          () -> LinearCrossEntropy.gaussNewtonProduct(VIEW, Q, Y, v));
    }

    private static void close(LinearCrossEntropyGradients<INDArray> all) {
      all.close();
    }

    /** Targets of the argument's dtype and of another; what broadcasts, and what does not. */
    private static void elementLosses() {
      BinaryCrossEntropyOptions focal =
          BinaryCrossEntropyOptions.DEFAULT
              .withFocalGamma(2)
              .withPositiveWeights(CLASS_WEIGHTS)
              .withReduction(Reduction.NONE);
      CountOptions full =
          CountOptions.DEFAULT.withRate(PositiveTransform.softplus()).withFullLikelihood();
      CountOptions of = full.withReduction(Reduction.NONE);
      for (INDArray z : List.of(VIEW, DOUBLES, HALVES)) {
        close(SigmoidCrossEntropy.value(z, Q), SigmoidCrossEntropy.gradient(z, ANSWERS, focal));
        close(SigmoidCrossEntropy.secondDerivative(z, ANSWERS));
        close(SigmoidCrossEntropy.valueAndGradient(z, Q, POSITIVE, focal));
        SigmoidCrossEntropy.evaluate(z, ANSWERS, ANSWERS, focal).close();
        close(PoissonLoss.value(z, COUNTS), PoissonLoss.gradient(z, POSITIVE, ANSWERS, full));
        close(PoissonLoss.secondDerivative(z, COUNTS, of));
        INDArray row = ofTypeOf(z, ROW, WIDE_ROW, HALF_ROW);
        INDArray every = ofTypeOf(z, POSITIVE, WIDE, HALF_POSITIVE);
        close(PoissonLoss.valueAndGradientWithExposure(z, row, COUNTS, of));
        PoissonLoss.evaluateWithExposure(z, every, COUNTS, POSITIVE, full).close();
        for (INDArray theta : List.of(row, every)) {
          close(NegativeBinomialLoss.value(z, theta, COUNTS, of));
          close(NegativeBinomialLoss.valueAndGradient(z, theta, COUNTS, ANSWERS, full));
          close(NegativeBinomialLoss.parameterGradient(z, theta, COUNTS, full));
          close(NegativeBinomialLoss.parameterSecondDerivative(z, theta, COUNTS, full));
          close(NegativeBinomialLoss.mixedDerivative(z, theta, COUNTS, of));
        }
        NegativeBinomialLoss.evaluate(z, row, COUNTS, full).close();
      }
    }

    /** By themselves, and in DL4J's evaluation. */
    private static void layerLosses() {
      IActivation identity = new ActivationIdentity();
      LossFusedPoisson poisson = new LossFusedPoisson();
      INDArray column = WIDE_ROW.reshape(SIDE, 1);
      for (ILossFunction loss :
          List.of(
              new LossFusedSigmoidCrossEntropy(),
              poisson,
              new LossFusedNegativeBinomial(CountOptions.DEFAULT, CLASS_WEIGHTS))) {
        close(loss.computeGradient(ANSWERS, DOUBLES, identity, column));
        close(loss.computeScoreArray(ANSWERS, DOUBLES, identity, null));
        close(loss.computeGradientAndScore(ANSWERS, VIEW, identity, column, true).getSecond());
        loss.computeScore(ANSWERS, VIEW, identity, null, false);
      }
      close(poisson.withExposure().computeGradient(TWICE, DOUBLES, identity, null));
      LossFusedNegativeBinomial both = new LossFusedNegativeBinomial();
      close(both.computeGradient(COUNTS, TWICE, identity, column));
      close(both.means(TWICE), both.inverseDispersions(TWICE));
      both.evaluate(COUNTS, TWICE, column).close();
      DevianceEvaluation evaluation = new DevianceEvaluation(poisson);
      evaluation.eval(SERIES, SERIES, STEPS_THAT_COUNT);
    }

    private static void draws() {
      for (INDArray z : List.of(VIEW, DOUBLES, HALVES)) {
        INDArray one = ofTypeOf(z, POSITIVE, WIDE, HALF_POSITIVE);
        INDArray noise = GumbelSoftmax.gumbels(z, 3);
        INDArray temperature = ofTypeOf(z, TWO, WIDE_TWO, HALF_TWO);
        close(GumbelSoftmax.value(z, noise, 0.5), GumbelSoftmax.hard(z, noise, temperature));
        close(GumbelSoftmax.gradient(z, noise, temperature, one));
        close(GumbelSoftmax.temperatureGradient(z, noise, temperature, one), noise);
      }
    }

    private static INDArray ofTypeOf(INDArray z, INDArray... same) {
      return Stream.of(same)
          .filter(array -> array.dataType() == z.dataType())
          .findFirst()
          .orElseThrow();
    }

    private static void lossErrors() {
      CountOptions options = CountOptions.DEFAULT.withReduction(Reduction.NONE);
      assertThrows(
          IllegalArgumentException.class, () -> SigmoidCrossEntropy.valueAndGradient(VIEW, BAD_Q));
      assertThrows(
          IllegalArgumentException.class,
          () -> SigmoidCrossEntropy.evaluate(DOUBLES, Q, BAD_Q, BinaryCrossEntropyOptions.DEFAULT));
      assertThrows(IllegalArgumentException.class, () -> PoissonLoss.gradient(HALVES, BAD_Q));
      assertThrows(
          IllegalArgumentException.class,
          () -> PoissonLoss.evaluateWithExposure(VIEW, ROW, BAD_Q, options));
      assertThrows(
          IllegalArgumentException.class,
          () -> NegativeBinomialLoss.parameterGradient(VIEW, POSITIVE, BAD_Q, POSITIVE, options));
      assertThrows(
          IllegalArgumentException.class,
          () -> NegativeBinomialLoss.evaluate(DOUBLES, WIDE_ROW, COUNTS, BAD_Q, options));
      LossFusedPoisson loss = new LossFusedPoisson().withExposure();
      INDArray bad = TWICE.neg();
      assertThrows(
          IllegalArgumentException.class,
          () -> loss.computeGradient(bad, VIEW, new ActivationIdentity(), null));
      close(bad);
      DevianceEvaluation evaluation = new DevianceEvaluation(new LossFusedPoisson());
      assertThrows(
          IllegalArgumentException.class,
          () -> evaluation.eval(BAD_SERIES, SERIES, STEPS_THAT_COUNT));
      assertThrows(
          IllegalArgumentException.class, () -> GumbelSoftmax.value(VIEW, POSITIVE, BAD_Q));
    }

    private static void transforms() {
      for (PositiveTransform transform :
          List.of(
              PositiveTransform.softplus(1.7).withLowerBound(0.1),
              PositiveTransform.squareplus(),
              PositiveTransform.exp())) {
        for (INDArray x : List.of(VIEW, DOUBLES, HALF)) {
          close(PositiveTransforms.value(x, transform));
          close(PositiveTransforms.gradient(x, transform));
          close(PositiveTransforms.logDerivative(x, transform));
        }
        close(PositiveTransforms.inverse(WEIGHTS, transform));
      }
    }

    private static void variable() {
      VARIABLE.set(POSITIVE);
      VARIABLE.set(2);
      close(VARIABLE.get());
      assertThrows(IllegalArgumentException.class, () -> VARIABLE.set(DOUBLES));
      assertThrows(IllegalArgumentException.class, () -> VARIABLE.set(WIDE));
      assertThrows(IllegalArgumentException.class, () -> VARIABLE.set(1e50));
    }

    private static void errors() {
      assertThrows(
          IllegalArgumentException.class,
          () -> PositiveTransforms.inverse(VIEW, PositiveTransform.exp()));
      assertThrows(IllegalArgumentException.class, () -> Softplus.value(X, -1));
      assertThrows(IllegalArgumentException.class, () -> Softplus.valueInto(VIEW, OUT));
      assertThrows(IllegalArgumentException.class, () -> Softplus.value(VIEW, BAD_Q));
      assertThrows(
          IllegalArgumentException.class, () -> Softplus.parameterGradient(HALF, BAD_HALF));
      assertThrows(
          IllegalArgumentException.class, () -> SparseSoftmaxCrossEntropy.gradient(VIEW, BAD));
      assertThrows(
          IllegalArgumentException.class,
          () -> SparseSoftmaxCrossEntropy.valueAndGradient(DOUBLES, BAD));
      assertThrows(
          IllegalArgumentException.class, () -> SoftmaxCrossEntropy.valueAndGradient(VIEW, BAD_Q));
      assertThrows(
          IllegalArgumentException.class, () -> SoftmaxCrossEntropy.gradient(DOUBLES, BAD_Q));
      CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
      assertThrows(
          IllegalArgumentException.class,
          () -> SoftmaxCrossEntropy.evaluate(VIEW, Q, BAD_WEIGHTS, options));
      assertThrows(
          IllegalArgumentException.class,
          () -> SparseSoftmaxCrossEntropy.gradient(VIEW, BAD, WEIGHTS, options));
      assertThrows(
          IllegalArgumentException.class,
          () -> SoftmaxCrossEntropy.evaluate(VIEW, BAD_Q, TRUTHS, options));
      assertThrows(IllegalArgumentException.class, () -> LogSoftmax.gradient(VIEW, 0, DOUBLES));
      assertThrows(IllegalArgumentException.class, () -> LogSumExp.value(VIEW, 2));
    }

    private static void close(ValueAndGradient<INDArray> both) {
      close(both.value(), both.gradient());
    }

    private static void close(INDArray... arrays) {
      for (INDArray array : arrays) {
        array.close();
      }
    }
  }

  /** A digits network of SameDiff, and one of DL4J in its workspaces; or one of the latter. */
  static final class Training {
    private static final int WARM_UP = 200;

    private Training() {}

    public static void main(String[] arguments) throws IOException {
      System.out.println(
          arguments.length == 0
              ? "samediffKiB=" + grownBySameDiff() + " dl4jKiB=" + grownByDl4j(squareplus())
              : "positiveKiB=" + grownByDl4j(positive()));
    }

    /** Of float and integer inputs. */
    private static long grownBySameDiff() throws IOException {
      SameDiff graph = SameDiffTest.digitsGraph();
      Digits digits = Digits.few(DataType.FLOAT, 256);
      DataSet data = new DataSet(digits.pixels(), digits.labels().castTo(DataType.INT32));
      graph.fit(new SingletonDataSetIterator(data), WARM_UP);
      long before = collectedKiB();
      graph.fit(new SingletonDataSetIterator(data), STEPS);
      return collectedKiB() - before;
    }

    private static long grownByDl4j(MultiLayerConfiguration layers) throws IOException {
      MultiLayerNetwork net = new MultiLayerNetwork(layers);
      net.init();
      Digits digits = Digits.few(DataType.FLOAT, 256);
      fit(net, digits, WARM_UP);
      long before = collectedKiB();
      fit(net, digits, STEPS);
      return collectedKiB() - before;
    }

    private static MultiLayerConfiguration squareplus() {
      return new NeuralNetConfiguration.Builder()
          .updater(new Sgd(0.01))
          .list()
          .layer(
              new DenseLayer.Builder()
                  .nIn(64)
                  .nOut(64)
                  .activation(new ActivationSquareplus())
                  .build())
          .layer(output())
          .build();
    }

    /** Every positive parameter that dense layers can have; weights of 64 kB, read every step. */
    private static MultiLayerConfiguration positive() {
      PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
      return new NeuralNetConfiguration.Builder()
          .updater(new Sgd(0.01))
          .list()
          .layer(positive.on(new DenseLayer.Builder().nIn(64).nOut(256).build()))
          .layer(new PositiveScaleLayer.Builder().nIn(256).build())
          .layer(new LearnableSquareplusLayer.Builder().nIn(256).build())
          .layer(new LearnableSquareplusLayer.Builder().nIn(256).perChannel().build())
          .layer(
              new DenseLayer.Builder()
                  .nIn(256)
                  .nOut(64)
                  .constrainWeights(new PositiveConstraint(1e-3))
                  .build())
          .layer(positive.on(output()))
          .build();
    }

    private static OutputLayer output() {
      return new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
          .nIn(64)
          .nOut(10)
          .activation(Activation.IDENTITY)
          .build();
    }

    private static void fit(MultiLayerNetwork net, Digits digits, int steps) {
      for (int step = 0; step < steps; step++) {
        net.fit(digits.pixels(), step % 2 == 0 ? digits.labels() : digits.oneHot());
      }
    }
  }

  /**
   * Memory outside the allocator's heap of small blocks: {@link NewJvm} sets it up such that every
   * array of 16 kB or more is mapped on its own and unmapped when it is freed.
   */
  private static long arraysKiB() throws IOException {
    boolean isHeap = false;
    long heap = 0;
    for (String line : Files.readAllLines(java.nio.file.Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        isHeap = line.endsWith("[heap]");
      } else if (isHeap && line.startsWith("Rss:")) {
        heap += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    // Of the whole process, for ND4J's arrays appear in no counter of its own.
    return ProcessMemory.residentKiB() - heap;
  }

  /** Where the host leaves arrays to the collector: after it has run. */
  private static long collectedKiB() throws IOException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      LockSupport.parkNanos(200_000_000);
    }
    return arraysKiB();
  }
}
