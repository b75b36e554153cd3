package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.util.PairList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.PositiveTransform;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.Squareplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveParameter;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.data.Table;

/** What positive parameters and heads are for: rates and deviations of real data. */
class PositiveRegressionTest {
  private static final List<String> SPRAYS = List.of("A", "B", "C", "D", "E", "F");

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
    Engine.getInstance().setRandomSeed(11);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** A loss by a function, of one array of labels and one of predictions. */
  private static final class FunctionLoss extends Loss {
    private final BinaryOperator<NDArray> function;

    FunctionLoss(String name, BinaryOperator<NDArray> function) {
      super(name);
      this.function = function;
    }

    @Override
    public NDArray evaluate(NDList labels, NDList predictions) {
      return function.apply(labels.singletonOrThrow(), predictions.singletonOrThrow());
    }
  }

  /** −log-likelihood a row without log k!, which does not depend on the rate. */
  private static final Loss POISSON =
      new FunctionLoss("poisson", (k, rate) -> rate.sub(k.mul(rate.log())).mean());

  private static NDArray columns(NDManager manager, DataType type, double[]... columns) {
    int rows = columns[0].length;
    double[] elements = new double[rows * columns.length];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = columns[i % columns.length][i / columns.length];
    }
    return array(manager, type, new Shape(rows, columns.length), elements);
  }

  /** Full-batch training; the last loss. */
  private static double fit(Trainer trainer, NDArray x, NDArray y, int steps) {
    trainer.initialize(x.getShape());
    double last = Double.NaN;
    for (int i = 0; i < steps; i++) {
      try (NDManager batch = x.getManager().newSubManager()) {
        NDList data = new NDList(x.duplicate());
        data.attach(batch);
        try (GradientCollector collector = trainer.newGradientCollector()) {
          NDArray loss = trainer.getLoss().evaluate(new NDList(y), trainer.forward(data));
          loss.attach(batch);
          collector.backward(loss);
          last = loss.toType(DataType.FLOAT64, true).getDouble();
        }
        trainer.step();
      }
    }
    return last;
  }

  private static DefaultTrainingConfig gradientDescent(Loss loss, double learningRate) {
    return new DefaultTrainingConfig(loss)
        .optOptimizer(
            Optimizer.sgd().setLearningRateTracker(Tracker.fixed((float) learningRate)).build());
  }

  private static DefaultTrainingConfig adam(Loss loss, double learningRate) {
    return new DefaultTrainingConfig(loss)
        .optOptimizer(
            Optimizer.adam().optLearningRateTracker(Tracker.fixed((float) learningRate)).build());
  }

  private static Model model(String name, DataType type, Block block) {
    Model model = Model.newInstance(name);
    model.setDataType(type);
    model.setBlock(block);
    return model;
  }

  // ---- insects

  /** A rate for each spray, chosen by a row that is 1 for one of them. */
  private static final class Rates extends AbstractBlock {
    private final PositiveParameter rates;

    Rates(PositiveTransform transform) {
      super((byte) 1);
      rates =
          addChildBlock(
              "rates",
              PositiveParameter.builder()
                  .optTransform(transform)
                  .optShape(new Shape(SPRAYS.size()))
                  .optValue(5)
                  .build());
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
      NDArray sprays = inputs.singletonOrThrow();
      return new NDList(sprays.mul(rates.value(store, sprays, training)).sum(new int[] {1}));
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
      rates.initialize(manager, type);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return new Shape[] {inputShapes[0].slice(0, 1)};
    }
  }

  static Stream<Arguments> trainings() {
    return Stream.of(DataType.FLOAT32, DataType.FLOAT64)
        .flatMap(
            type ->
                Stream.of(
                    Arguments.of(type, PositiveTransform.softplus(), 10),
                    Arguments.of(type, PositiveTransform.squareplus(), 10),
                    Arguments.of(type, PositiveTransform.exp(), 0.3)));
  }

  /** The likelihood is greatest where each rate is the mean of its group. */
  @ParameterizedTest
  @MethodSource("trainings")
  void insectsComeAtTheMeanRatesOfTheirSprays(
      DataType type, PositiveTransform transform, double learningRate) {
    Table table = Table.insectSprays();
    double[][] indicators =
        SPRAYS.stream().map(s -> table.indicator("spray", s)).toArray(double[][]::new);
    NDArray sprays = columns(manager, type, indicators);
    NDArray counts = array(manager, type, new Shape(table.rows()), table.numbers("count"));
    Rates block = new Rates(transform);
    DefaultTrainingConfig config = gradientDescent(POISSON, learningRate);
    try (Model model = model("sprays", type, block);
        // The stock trainer takes no float64.
        Trainer trainer =
            type == DataType.FLOAT64 ? new FusedTrainer(model, config) : model.newTrainer(config)) {
      fit(trainer, sprays, counts, 250);
      assertReached(block.rates.value(), type, transform);
    }
  }

  private static void assertReached(double[] rates, DataType type, PositiveTransform transform) {
    double[] means = {14.5, 46 / 3.0, 25 / 12.0, 59 / 12.0, 3.5, 50 / 3.0};
    System.out.println("insects, " + type + ", " + transform + ": " + Arrays.toString(rates));
    assertArrayEquals(means, rates, 1e-4);
  }

  // ---- looms

  @Test
  void warpBreaksHaveTheCoefficientsOfThePoissonModel() {
    Table table = Table.warpBreaks();
    double[] breaks = table.numbers("breaks");
    NDArray x =
        columns(
            manager,
            DataType.FLOAT64,
            table.indicator("wool", "B"),
            table.indicator("tension", "M"),
            table.indicator("tension", "H"));
    NDArray k = columns(manager, DataType.FLOAT64, breaks);
    Linear linear = Linear.builder().setUnits(1).build();
    linear.setInitializer(new ConstantInitializer(3), "bias");
    linear.setInitializer(new ConstantInitializer(0), "weight");
    Block network = new SequentialBlock().add(linear).add(head(PositiveTransform.exp()));
    try (Model model = model("looms", DataType.FLOAT64, network);
        Trainer trainer = new FusedTrainer(model, gradientDescent(POISSON, 0.03))) {
      double loss = fit(trainer, x, k, 1500);
      double logLikelihood =
          -breaks.length * loss - Arrays.stream(breaks).map(n -> logFactorial(n)).sum();
      double[] weights = doubles(linear.getDirectParameters().get("weight").getArray());
      double intercept = doubles(linear.getDirectParameters().get("bias").getArray())[0];
      System.out.println(
          "warp breaks: intercept "
              + intercept
              + ", wool B, tension M, H "
              + Arrays.toString(weights)
              + ", log-likelihood "
              + logLikelihood);
      assertEquals(3.69196, intercept, 1e-5);
      assertArrayEquals(new double[] {-0.20599, -0.32132, -0.51849}, weights, 1e-5);
      assertEquals(-242.528, logLikelihood, 1e-3);
    }
  }

  private static double logFactorial(double n) {
    double sum = 0;
    for (int i = 2; i <= n; i++) {
      sum += Math.log(i);
    }
    return sum;
  }

  private static Block head(PositiveTransform transform) {
    return LambdaBlock.singleton(raw -> PositiveTransforms.value(raw, transform), "positive");
  }

  // ---- a geyser

  private static double[] standardized(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double deviation = deviation(x);
    return Arrays.stream(x).map(v -> (v - mean) / deviation).toArray();
  }

  private static double deviation(double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    return Math.sqrt(Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  /** That of the best line with the same deviation everywhere, a row. */
  private static double linearGaussian(double[] x, double[] y) {
    double[] u = standardized(x);
    double[] v = standardized(y);
    double correlation = 0;
    for (int i = 0; i < u.length; i++) {
      correlation += u[i] * v[i] / u.length;
    }
    double variance = deviation(y) * deviation(y) * (1 - correlation * correlation);
    return 0.5 * (Math.log(2 * Math.PI * variance) + 1);
  }

  /** Of predictions (mean, deviation). */
  private static final Loss GAUSSIAN =
      new FunctionLoss(
          "gaussian",
          (y, p) -> {
            NDArray[] parts = p.split(2, 1).toArray(new NDArray[0]);
            NDArray z = y.sub(parts[0]).div(parts[1]);
            // No arithmetic with Numbers, which libtorch would keep pointers to.
            NDArray half = y.onesLike().mul(0.5);
            return z.mul(z).mul(half).add(parts[1].log()).add(Math.log(2 * Math.PI) / 2).mean();
          });

  @Test
  void theNextEruptionIsBetterToldWithADeviationThatIsLearned() {
    Table table = Table.faithful();
    double[] eruptions = table.numbers("eruptions");
    double[] waiting = table.numbers("waiting");
    NDArray x = columns(manager, DataType.FLOAT32, standardized(eruptions));
    NDArray y = columns(manager, DataType.FLOAT32, standardized(waiting));
    Block heads =
        new ParallelBlock(
                lists ->
                    new NDList(
                        NDArrays.concat(new NDList(lists.get(0).head(), lists.get(1).head()), 1)))
            .add(Linear.builder().setUnits(1).build())
            .add(
                new SequentialBlock()
                    .add(Linear.builder().setUnits(1).build())
                    .add(head(PositiveTransform.softplus().withLowerBound(1e-3))));
    Block network =
        new SequentialBlock()
            .add(Linear.builder().setUnits(8).build())
            .add(Squareplus.block(0.1))
            .add(heads);
    try (Model model = model("geyser", DataType.FLOAT32, network);
        Trainer trainer = model.newTrainer(adam(GAUSSIAN, 0.01))) {
      double reached = fit(trainer, x, y, 1000) + Math.log(deviation(waiting));
      double line = linearGaussian(eruptions, waiting);
      NDArray p = trainer.evaluate(new NDList(x)).singletonOrThrow();
      NDArray deviations = p.split(2, 1).get(1).mul(deviation(waiting));
      System.out.println(
          "Old Faithful: -log-likelihood a row "
              + reached
              + ", of the best line "
              + line
              + ", deviations from "
              + deviations.min().getFloat()
              + " to "
              + deviations.max().getFloat());
      assertTrue(reached < line - 0.05, reached + " of " + line);
      assertTrue(deviations.min().getFloat() > 0);
    }
  }

  // ---- a monotone network

  @Test
  void aMonotoneNetworkStaysMonotone() {
    Random random = new Random(3);
    double[] first = random.doubles(64, -3, 3).toArray();
    double[] second = random.doubles(64, -3, 3).toArray();
    double[] target = new double[64];
    // Not monotone, so that training pulls the weights below 0.
    Arrays.setAll(target, i -> first[i] + Math.sin(3 * first[i]) - 0.5 * second[i]);
    NDArray x = columns(manager, DataType.FLOAT64, first, second);
    NDArray y = columns(manager, DataType.FLOAT64, target);
    Block network =
        new SequentialBlock()
            .add(PositiveLinear.builder().setUnits(12).build())
            .add(LearnableSquareplus.builder().optAxis(1).optValue(0.5).build())
            .add(PositiveLinear.builder().setUnits(12).build())
            .add(Squareplus.block(0.5))
            .add(PositiveLinear.builder().setUnits(1).build());
    Loss squares = new FunctionLoss("squares", (t, p) -> p.sub(t).mul(p.sub(t)).mean());
    try (Model model = model("monotone", DataType.FLOAT64, network);
        Trainer trainer = new FusedTrainer(model, adam(squares, 0.01))) {
      double start = fit(trainer, x, y, 1);
      double violation = violation(trainer, random);
      double loss = fit(trainer, x, y, 1000);
      violation = Math.max(violation, violation(trainer, random));
      System.out.println(
          "monotone network: loss " + start + " -> " + loss + ", largest decrease " + violation);
      assertTrue(loss < 0.8 * start, start + " -> " + loss);
      assertEquals(0, violation);
    }
  }

  /** By how much an output falls at most where no input does. */
  private double violation(Trainer trainer, Random random) {
    int points = 20_000;
    double[] below = random.doubles(2 * points, -6, 6).toArray();
    double[] above = Arrays.stream(below).map(v -> v + random.nextDouble()).toArray();
    Shape shape = new Shape(points, 2);
    double[] low = outputs(trainer, below, shape);
    double[] high = outputs(trainer, above, shape);
    double most = 0;
    for (int i = 0; i < points; i++) {
      most = Math.max(most, low[i] - high[i]);
    }
    return most;
  }

  private double[] outputs(Trainer trainer, double[] inputs, Shape shape) {
    NDList x = new NDList(array(manager, DataType.FLOAT64, shape, inputs));
    return doubles(trainer.evaluate(x).singletonOrThrow());
  }
}
