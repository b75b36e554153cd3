package org.stableops.integration.demo;

import ai.djl.Device;
import ai.djl.Model;
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
import ai.djl.training.TrainingConfig;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.List;
import java.util.function.Function;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.host.DjlHost;
import org.stableops.integration.oracle.Format;

/** The network in DJL: a Model of Blocks under a Trainer. */
final class DjlDigits implements DigitsTraining {
  private final Temperature temperature = new Temperature(Settings.INITIAL_TEMPERATURE);
  private final Model model = Model.newInstance("digits");
  private final Trainer trainer;

  DjlDigits(Format format, InitialWeights weights, Settings settings) {
    model.setDataType(DataType.valueOf(format.name()));
    model.setBlock(
        new SequentialBlock()
            .add(linear(weights.hidden()))
            .add(Squareplus.block(Settings.SQUAREPLUS_B))
            .add(linear(weights.output()))
            .add(temperature));
    trainer = new FusedTrainer(model, config(settings));
    trainer.initialize(new Shape(1, Digits.PIXELS));
  }

  private static Block linear(InitialWeights.Matrix weights) {
    Block layer = Linear.builder().setUnits(weights.outputs()).build();
    layer.setInitializer(
        (manager, shape, type) -> array(manager, weights.elements(), shape, type), "weight");
    return layer;
  }

  private static TrainingConfig config(Settings settings) {
    Tracker learningRate = Tracker.fixed(settings.learningRate());
    return new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss())
        .optDevices(new Device[] {Device.cpu()})
        .optOptimizer(Optimizer.sgd().setLearningRateTracker(learningRate).build());
  }

  @Override
  public double[] train(List<Examples> batches) {
    return batches.stream().mapToDouble(this::step).toArray();
  }

  private double step(Examples batch) {
    try (NDManager manager = trainer.getManager().newSubManager()) {
      double loss = forwardAndBackward(pixels(manager, batch), manager.create(batch.labels()));
      trainer.step();
      return loss;
    }
  }

  private double forwardAndBackward(NDArray pixels, NDArray labels) {
    try (GradientCollector collector = trainer.newGradientCollector()) {
      NDList logits = trainer.forward(new NDList(pixels));
      NDArray loss = trainer.getLoss().evaluate(new NDList(labels), logits);
      collector.backward(loss);
      return loss.toType(DataType.FLOAT64, true).getDouble();
    }
  }

  /** What the network says of each, row by row. */
  double[] logits(Examples examples) {
    return evaluate(examples, DjlHost::doubles);
  }

  @Override
  public long[] predict(Examples examples) {
    return evaluate(examples, logits -> logits.argMax(1).toLongArray());
  }

  private <T> T evaluate(Examples examples, Function<NDArray, T> read) {
    try (NDManager manager = trainer.getManager().newSubManager()) {
      NDList logits = trainer.evaluate(new NDList(pixels(manager, examples)));
      return read.apply(logits.singletonOrThrow());
    }
  }

  @Override
  public double temperature() {
    return temperature.value();
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }

  private NDArray pixels(NDManager manager, Examples examples) {
    Shape shape = new Shape(examples.size(), Digits.PIXELS);
    return array(manager, examples.pixels(), shape, model.getDataType());
  }

  private static NDArray array(NDManager manager, double[] elements, Shape shape, DataType type) {
    try (NDArray wide = manager.create(elements, shape);
        NDArray typed = wide.toType(type, false)) {
      // An array made from Java memory does not own it, and toType copies nothing of its own dtype.
      return typed.duplicate();
    }
  }
}
