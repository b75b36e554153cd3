package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.djl.Djl.array;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountOptions;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.loss.FusedNegativeBinomialLoss;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.data.Sprays;

/** The negative binomial loss as DJL's Loss: insects by spray, with one dispersion for all. */
class FusedNegativeBinomialLossTest {
  private static final int STEPS = 2000;

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Raw values by one layer, and by another the inverse dispersion, of which all rows have one. */
  private static ParallelBlock network() {
    SequentialBlock dispersion = new SequentialBlock();
    dispersion.add(new LambdaBlock(x -> new NDList(x.head().sum(new int[] {1}, true))));
    dispersion.add(Linear.builder().setUnits(1).optBias(false).build());
    dispersion.add(new LambdaBlock(x -> new NDList(x.head().exp())));
    return new ParallelBlock(
        outputs -> new NDList(outputs.get(0).head(), outputs.get(1).head()),
        List.of(Linear.builder().setUnits(1).optBias(false).build(), dispersion));
  }

  private static Tracker fading() {
    return Tracker.factor().setBaseValue(0.1f).setFactor(0.997f).optMaxUpdates(STEPS).build();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void meansAndDispersionOfInsects(boolean isFused) {
    Sprays sprays = Sprays.read();
    double[] counts = sprays.counts();
    double[] means = sprays.means();
    Engine.getInstance().setRandomSeed(7);
    try (Model model = Model.newInstance("insects")) {
      model.setBlock(network());
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(
                  new FusedNegativeBinomialLoss(CountOptions.DEFAULT.withFullLikelihood()))
              .optOptimizer(Optimizer.adam().optLearningRateTracker(fading()).build());
      try (Trainer trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 6));
        NDArray x = array(manager, DataType.FLOAT32, new Shape(counts.length, 6), sprays.flat());
        NDArray y = array(manager, DataType.FLOAT32, new Shape(counts.length), counts);
        float loss = 0;
        for (int step = 0; step < STEPS; step++) {
          try (NDManager batch = manager.newSubManager();
              GradientCollector collector = trainer.newGradientCollector()) {
            x.attach(batch);
            NDList outputs = trainer.forward(new NDList(x));
            NDArray value = trainer.getLoss().evaluate(new NDList(y), outputs);
            collector.backward(value);
            loss = value.getFloat();
            x.attach(manager);
          }
          trainer.step();
        }
        NDList fitted = trainer.evaluate(new NDList(manager.eye(6)));
        for (int spray = 0; spray < 6; spray++) {
          double mean = Math.exp(fitted.get(0).getFloat(spray, 0));
          assertEquals(means[spray], mean, 2e-3 * means[spray]);
        }
        assertEquals(28.0995, fitted.get(1).getFloat(0, 0), 0.3);
        assertEquals(180.108942 / 72, loss, 1e-5);
      }
    }
  }

  @Test
  void isTheOperator() {
    NDArray raw = manager.create(new float[] {0.5f, -1, 2});
    NDArray theta = manager.create(1.5f);
    NDArray counts = manager.create(new int[] {3, 0, 25});
    NDArray weights = manager.create(new float[] {1, 0, 2});
    FusedNegativeBinomialLoss loss = new FusedNegativeBinomialLoss();
    assertEquals(
        NegativeBinomialLoss.value(raw, theta, counts).getFloat(),
        loss.evaluate(new NDList(counts), new NDList(raw, theta)).getFloat());
    assertEquals(
        2 * NegativeBinomialLoss.value(raw, theta, counts, weights, loss.options()).getFloat(),
        loss.withSampleWeights()
            .withWeight(2)
            .evaluate(new NDList(counts, weights), new NDList(raw, theta))
            .getFloat());
  }

  @Test
  void needsBothOutputs() {
    NDArray raw = manager.create(new float[] {0.5f});
    NDArray counts = manager.create(new int[] {3});
    FusedNegativeBinomialLoss loss = new FusedNegativeBinomialLoss();
    assertRefused(
        "predictions must be two arrays, raw and inverseDispersion, got 1",
        () -> loss.evaluate(new NDList(counts), new NDList(raw)));
    assertRefused(
        "raw must be an array, got null",
        () -> loss.evaluate(new NDList(counts), new NDList(null, raw)));
    assertRefused(
        "inverseDispersion must be an array, got null",
        () -> loss.evaluate(new NDList(counts), new NDList(raw, null)));
  }

  @Test
  void aNetworkOfOneOutputIsRefusedBeforeTheFirstBatch() {
    try (Model model = Model.newInstance("plain")) {
      model.setBlock(Linear.builder().setUnits(1).build());
      Loss loss = new FusedNegativeBinomialLoss();
      try (Trainer trainer = new FusedTrainer(model, new DefaultTrainingConfig(loss))) {
        assertRefused(
            "predictions must be two arrays, raw and inverseDispersion, got 1",
            () -> trainer.initialize(new Shape(1, 3)));
      }
    }
  }
}
