package org.stableops.benchmarks;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.stableops.djl.Softplus;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** The training step of a network in DJL, as EasyTrain does it, by a Trainer. */
final class DjlNetwork implements Loop {
  static final String HOST = "DJL";

  private final Model model;
  private final Trainer trainer;
  private final NDArray features;
  private final NDArray labels;

  private DjlNetwork(NetworkShape shape, Supplier<Block> activation, Loss loss, boolean isFused) {
    model = Model.newInstance("network", "PyTorch");
    SequentialBlock block = new SequentialBlock();
    for (int width : shape.hidden()) {
      block.add(Linear.builder().setUnits(width).build()).add(activation.get());
    }
    model.setBlock(block.add(Linear.builder().setUnits(shape.classes()).build()));
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss)
            .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.01f)).build());
    trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config);
    trainer.initialize(new Shape(shape.batch(), shape.inputs()));
    NDManager manager = model.getNDManager();
    features = manager.create(shape.features(1), new Shape(shape.batch(), shape.inputs()));
    labels = manager.create(shape.labels(1)).toType(ai.djl.ndarray.types.DataType.INT64, false);
  }

  /** Everybody who competes on a network. */
  static Map<String, Supplier<Loop>> contestants(NetworkShape shape) {
    Map<String, Supplier<Loop>> all = new LinkedHashMap<>();
    all.put(Networks.STOCK_SOFTPLUS, () -> stock(shape, Activation::softPlusBlock));
    all.put(Networks.SOFTPLUS, () -> ours(shape, Softplus::block));
    all.put(Networks.STOCK_RELU, () -> stock(shape, Activation::reluBlock));
    all.put(Networks.SQUAREPLUS, () -> ours(shape, Squareplus::block));
    all.put(
        Networks.RELU_OUR_LOSS,
        () ->
            new DjlNetwork(
                shape, Activation::reluBlock, new FusedSoftmaxCrossEntropyLoss(), false));
    return all;
  }

  private static Loop stock(NetworkShape shape, Supplier<Block> activation) {
    return new DjlNetwork(shape, activation, new SoftmaxCrossEntropyLoss(), false);
  }

  private static Loop ours(NetworkShape shape, Supplier<Block> activation) {
    return new DjlNetwork(shape, activation, new FusedSoftmaxCrossEntropyLoss(), true);
  }

  @Override
  public void step(Laps laps) {
    NDManager batch = model.getNDManager().newSubManager();
    NDArray x = features.duplicate();
    x.attach(batch);
    laps.begin();
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList predictions = trainer.forward(new NDList(x));
      laps.end(Phase.FORWARD);
      NDArray loss = trainer.getLoss().evaluate(new NDList(labels), predictions);
      laps.end(Phase.LOSS);
      collector.backward(loss);
    }
    laps.end(Phase.BACKWARD);
    trainer.step();
    laps.end(Phase.STEP);
    batch.close();
    laps.end(Phase.RELEASE);
    laps.end();
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }
}
