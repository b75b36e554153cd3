package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.PoissonLoss;
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
