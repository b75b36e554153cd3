package org.stableops.benchmarks;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingConfig;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.stableops.djl.Softplus;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.djl.training.FusedTrainer;

/** The training step of a network in DJL, as EasyTrain does it, by a Trainer. */
final class DjlNetwork implements Network {
  static final String HOST = "DJL";

  /** Makes a trainer. */
  private interface Trainers extends BiFunction<Model, TrainingConfig, Trainer> {}

  private final Model model;
  private final Trainer trainer;
  private final NDArray features;
  private final NDArray labels;

  private DjlNetwork(NetworkShape shape, Supplier<Block> activation, Loss loss, Trainers trainers) {
    model = Model.newInstance("network", "PyTorch");
    SequentialBlock block = new SequentialBlock();
    for (int width : shape.hidden()) {
      block.add(Linear.builder().setUnits(width).build()).add(activation.get());
    }
    model.setBlock(block.add(Linear.builder().setUnits(shape.classes()).build()));
    block.setInitializer(DjlNetwork::weights, Parameter.Type.WEIGHT);
    trainer = trainers.apply(model, new DefaultTrainingConfig(loss).optOptimizer(sgd()));
    trainer.initialize(new Shape(shape.batch(), shape.inputs()));
    NDManager manager = model.getNDManager();
    features = manager.create(shape.features(), new Shape(shape.batch(), shape.inputs()));
    try (NDArray integers = manager.create(shape.labels())) {
      labels = integers.toType(DataType.INT64, false);
    }
  }

  /** [outputs, inputs], the other way round. */
  private static NDArray weights(NDManager manager, Shape shape, DataType type) {
    int outputs = (int) shape.get(0);
    int inputs = (int) shape.get(1);
    float[] weights = NetworkShape.weights(inputs, outputs);
    try (NDArray array = manager.create(weights, new Shape(inputs, outputs))) {
      return array.transpose().duplicate();
    }
  }

  private static Optimizer sgd() {
    float rate = (float) ReferenceNetwork.LEARNING_RATE;
    return Optimizer.sgd().setLearningRateTracker(Tracker.fixed(rate)).build();
  }

  static Network of(NetworkShape shape, NetworkKind kind) {
    return switch (kind) {
      case STOCK_SOFTPLUS -> stock(shape, Activation::softPlusBlock, new SoftmaxCrossEntropyLoss());
      case SOFTPLUS -> fused(shape, Softplus::block);
      case STOCK_RELU -> stock(shape, Activation::reluBlock, new SoftmaxCrossEntropyLoss());
      case SQUAREPLUS -> fused(shape, Squareplus::block);
      case RELU -> stock(shape, Activation::reluBlock, new FusedSoftmaxCrossEntropyLoss());
    };
  }

  private static Network stock(NetworkShape shape, Supplier<Block> activation, Loss loss) {
    return new DjlNetwork(shape, activation, loss, Model::newTrainer);
  }

  private static Network fused(NetworkShape shape, Supplier<Block> activation) {
    return new DjlNetwork(shape, activation, new FusedSoftmaxCrossEntropyLoss(), FusedTrainer::new);
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
  public double loss() {
    try (NDManager batch = model.getNDManager().newSubManager()) {
      NDArray x = features.duplicate();
      x.attach(batch);
      NDList predictions = trainer.evaluate(new NDList(x));
      predictions.attach(batch);
      try (NDArray loss = trainer.getLoss().evaluate(new NDList(labels), predictions)) {
        return loss.getFloat();
      }
    }
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }
}
