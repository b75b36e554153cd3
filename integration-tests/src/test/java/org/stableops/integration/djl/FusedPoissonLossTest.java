package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.evaluator.MeanDeviance;
import org.stableops.djl.loss.FusedPoissonLoss;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.data.Sprays;

/** The Poisson loss as DJL's Loss: insects by spray. */
class FusedPoissonLossTest {
  private static final int STEPS = 1500;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ratesBecomeTheMeans(boolean isFused) {
    Sprays sprays = Sprays.read();
    double[] counts = sprays.counts();
    double[] means = sprays.means();
    PositiveTransform rate = PositiveTransform.softplus();
    Engine.getInstance().setRandomSeed(7);
    try (Model model = Model.newInstance("insects")) {
      model.setBlock(Linear.builder().setUnits(1).optBias(false).build());
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(new FusedPoissonLoss(CountOptions.DEFAULT.withRate(rate)))
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.2f)).build());
      try (Trainer trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 6));
        NDArray x = array(manager, DataType.FLOAT32, new Shape(counts.length, 6), sprays.flat());
        NDArray y = array(manager, DataType.FLOAT32, new Shape(counts.length), counts);
        for (int step = 0; step < STEPS; step++) {
          try (NDManager batch = manager.newSubManager();
              GradientCollector collector = trainer.newGradientCollector()) {
            x.attach(batch);
            NDList raw = trainer.forward(new NDList(x));
            collector.backward(trainer.getLoss().evaluate(new NDList(y), raw));
            x.attach(manager);
          }
          trainer.step();
        }
        NDArray each = manager.eye(6);
        NDArray raw =
            model
                .getBlock()
                .forward(new ParameterStore(manager, false), new NDList(each), false)
                .singletonOrThrow();
        double[] numbers = doubles(raw);
        for (int spray = 0; spray < 6; spray++) {
          assertEquals(means[spray], rate.value(numbers[spray]), 0.02);
        }
      }
    }
  }

  /** One rate for all is the sum of the counts over the sum of the exposures. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void exposuresAreLabels(boolean isFused) {
    Engine.getInstance().setRandomSeed(7);
    try (Model model = Model.newInstance("rate")) {
      model.setBlock(Linear.builder().setUnits(1).optBias(false).build());
      FusedPoissonLoss loss = new FusedPoissonLoss().withExposure();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.1f)).build());
      try (Trainer trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 1));
        NDArray x = manager.ones(new Shape(4, 1));
        NDArray counts = manager.create(new int[] {1, 3, 4, 12});
        NDArray hours = manager.create(new float[] {1, 2, 8, 5});
        for (int step = 0; step < 300; step++) {
          try (NDManager batch = manager.newSubManager();
              GradientCollector collector = trainer.newGradientCollector()) {
            x.attach(batch);
            NDList raw = trainer.forward(new NDList(x));
            collector.backward(trainer.getLoss().evaluate(new NDList(counts, hours), raw));
            x.attach(manager);
          }
          trainer.step();
        }
        NDArray raw =
            model
                .getBlock()
                .forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();
        assertEquals(Math.log(20 / 16.0), doubles(raw)[0], 1e-5);
        MeanDeviance deviance = new MeanDeviance(loss);
        NDArray perfect = counts.toType(DataType.FLOAT32, false).div(hours).log().reshape(4, 1);
        double[] best = doubles(deviance.evaluate(new NDList(counts, hours), new NDList(perfect)));
        assertEquals(0, best[0], 1e-6);
      }
    }
  }

  /** By kernels, and by blocks of float16. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT64", "FLOAT32", "FLOAT16"})
  void exposuresMayBeWithoutTheLastAxisAsTheCounts(DataType type) {
    NDArray raw = array(manager, type, new Shape(2, 3, 1), 0.5, 1, 2, -1, Double.NaN, 0.25);
    NDArray counts = manager.create(new int[] {3, 0, 9, 1, -4, 2}, new Shape(2, 3));
    NDArray exposure = array(manager, type, new Shape(2, 3), 1, 2, 0.5, 4, -1, 8);
    NDArray weights = array(manager, DataType.FLOAT64, new Shape(2, 3), 1, 0.5, 2, 1, 0, 3);
    NDArray expected =
        PoissonLoss.valueWithExposure(
            raw,
            exposure.reshape(2, 3, 1),
            counts.reshape(2, 3, 1),
            weights.reshape(2, 3, 1),
            CountOptions.DEFAULT);
    FusedPoissonLoss loss = new FusedPoissonLoss().withExposure().withSampleWeights();
    assertTrue(Double.isFinite(doubles(expected)[0]));
    for (NDList labels :
        List.of(
            new NDList(counts, exposure, weights),
            new NDList(counts, exposure.reshape(2, 3, 1), weights))) {
      assertArrayEquals(doubles(expected), doubles(loss.evaluate(labels, new NDList(raw))));
    }
    NDArray one = array(manager, type, new Shape(1), 2);
    NDList counted = new NDList(counts.abs(), one);
    NDList zeros = new NDList(raw.zerosLike());
    assertArrayEquals(
        doubles(
            PoissonLoss.valueWithExposure(
                raw.zerosLike(), one, counts.abs().reshape(2, 3, 1), CountOptions.DEFAULT)),
        doubles(new FusedPoissonLoss().withExposure().evaluate(counted, zeros)));
  }

  @Test
  void aWrongNumberOfLabelsWithExposuresIsRefused() {
    FusedPoissonLoss loss = new FusedPoissonLoss().withWeight(2).withExposure();
    assertTrue(loss.takesExposure() && !loss.takesSampleWeights());
    assertTrue(loss.withSampleWeights().withWeight(3).takesExposure());
    assertTrue(new FusedPoissonLoss().withSampleWeights().withExposure().takesSampleWeights());
    assertFalse(new FusedPoissonLoss().takesExposure());
    NDArray y = manager.ones(new Shape(3, 1));
    String two = "labels must be two arrays, counts and exposures, got ";
    assertRefused(two + 1, loss, y, y);
    assertRefused(
        two + "3; if the last are sample weights, call withSampleWeights()", loss, y, y, y, y);
    assertRefused(
        "labels must be three arrays, counts, exposures and sample weights, got 2",
        loss.withSampleWeights(),
        y,
        y,
        y);
    assertRefused(
        "exposure shape (2) must broadcast to raw shape (3, 1)",
        loss,
        y,
        y,
        manager.ones(new Shape(2)));
    assertRefused(
        "exposure[0] must be finite and > 0, got 0.0", loss, y, y, manager.zeros(new Shape(3, 1)));
    assertRefused("exposure must be an array, got null", loss, y, y, null);
  }

  /** Exposures taken for sample weights would train, and wrongly. */
  @Test
  void forgottenExposuresAreNamedFirst() {
    NDArray y = manager.ones(new Shape(3, 1));
    assertRefused(
        "labels must be one array, got 2; if the second are exposures, call withExposure(), and if"
            + " they are sample weights, withSampleWeights()",
        new FusedPoissonLoss(),
        y,
        y,
        y);
    assertRefused(
        "labels must be two arrays, counts and sample weights, got 3; if the second are exposures,"
            + " call withExposure()",
        new FusedPoissonLoss().withSampleWeights(),
        y,
        y,
        y,
        y);
  }

  private static void assertRefused(
      String message, FusedPoissonLoss loss, NDArray raw, NDArray... labels) {
    NDList all = new NDList();
    Collections.addAll(all, labels);
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> loss.evaluate(all, new NDList(raw)))
            .getMessage());
  }

  @Test
  void evaluateIsTheOperatorWithWeightsToo() {
    NDArray raw = array(manager, DataType.FLOAT64, new Shape(3, 1), 0.5, Double.NaN, 2);
    NDArray counts = manager.create(new int[] {3, -4, 9});
    NDArray weights = array(manager, DataType.FLOAT64, new Shape(3), 1, 0, 2);
    FusedPoissonLoss loss = new FusedPoissonLoss("insects", CountOptions.DEFAULT);
    assertEquals("insects", loss.withSampleWeights().getName());
    NDArray expected =
        PoissonLoss.value(raw, counts.reshape(3, 1), weights.reshape(3, 1), CountOptions.DEFAULT);
    assertArrayEquals(
        doubles(expected),
        doubles(loss.withSampleWeights().evaluate(new NDList(counts, weights), new NDList(raw))));
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> loss.evaluate(new NDList(counts), new NDList(raw)));
    assertEquals("counts[1] must be finite and >= 0, got -4.0", error.getMessage());
  }
}
