package org.stableops.integration.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveScale;
import org.stableops.djl.training.FusedTrainer;

/** A network of our blocks that learns the digits, always from the same weights. */
public final class DjlTraining implements AutoCloseable {
  private static final int ROWS = 512;
  private static final int BATCH = 64;

  private final Model model = Model.newInstance("digits");
  private final Trainer trainer;
  private final NDArray pixels;
  private final NDArray labels;
  private final int arrays;

  /**
   * Makes the network and loads the data.
   *
   * @param isFused whether by a FusedTrainer, not by DJL's own
   */
  public DjlTraining(boolean isFused) throws IOException {
    Engine.getInstance().setRandomSeed(7);
    model.setBlock(network());
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss())
            .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.005f)).build());
    trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config);
    trainer.initialize(new Shape(1, Digits.PIXELS));
    Digits digits = Digits.load(ROWS);
    NDManager manager = trainer.getManager();
    pixels = Djl.array(manager, DataType.FLOAT32, new Shape(ROWS, Digits.PIXELS), digits.pixels());
    labels = manager.create(digits.labels());
    // The optimizer makes its arrays at the first step.
    step(0);
    arrays = arrays();
  }

  /**
   * Makes the network, which is not yet initialized.
   *
   * @return from 64 pixels to 10 logits
   */
  public static Block network() {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(32).build())
        .add(Squareplus.block())
        .add(PositiveLinear.builder().setUnits(16).build())
        .add(LearnableSquareplus.builder().optAxis(1).build())
        .add(Linear.builder().setUnits(Digits.CLASSES).build())
        .add(PositiveScale.builder().optValue(1).build());
  }

  /**
   * Takes a step.
   *
   * @param step its number
   * @return the loss of the batch
   */
  public double step(int step) {
    int from = step * BATCH % ROWS;
    try (NDManager batch = trainer.getManager().newSubManager()) {
      NDArray x = pixels.get(from + ":" + (from + BATCH));
      NDArray y = labels.get(from + ":" + (from + BATCH));
      x.attach(batch);
      y.attach(batch);
      double taken;
      try (GradientCollector collector = trainer.newGradientCollector()) {
        NDArray loss = trainer.getLoss().evaluate(new NDList(y), trainer.forward(new NDList(x)));
        collector.backward(loss);
        taken = loss.getFloat();
      }
      trainer.step();
      return taken;
    }
  }

  private int arrays() {
    return model.getNDManager().getManagedArrays().size()
        + trainer.getManager().getManagedArrays().size();
  }

  /**
   * Counts what steps have left behind.
   *
   * @return the number of open arrays beyond those after the first step
   */
  public int leftBehind() {
    return arrays() - arrays;
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }
}
