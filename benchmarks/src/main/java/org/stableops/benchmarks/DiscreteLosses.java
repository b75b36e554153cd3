package org.stableops.benchmarks;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;
import org.stableops.CountOptions;
import org.stableops.FusedPath;
import org.stableops.PositiveTransform;
import org.stableops.djl.loss.FusedSigmoidCrossEntropyLoss;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;
import org.stableops.nd4j.lossfunctions.LossFusedSigmoidCrossEntropy;

/**
 * Prints how long whole training steps take with our losses for yes or no and for counts, and how
 * long with the host's own: the same network of two layers, in turn in one JVM.
 */
final class DiscreteLosses {
  private static final int[][] YES_OR_NO = {{4096, 64}, {64, 10}};
  private static final int[] COUNTS = {1024, 64};
  private static final int INPUTS = 64;
  private static final float RATE = 1e-3f;

  private final List<AutoCloseable> owned = new ArrayList<>();
  private final Pairs pairs;

  private DiscreteLosses(String title) {
    pairs = new Pairs(title);
  }

  /** Takes "fused" or "composite", and a regular expression that is found in the rows wanted. */
  public static void main(String[] arguments) throws Exception {
    String path = arguments.length == 0 ? "fused" : arguments[0];
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(!path.equals("composite")));
    try (NDManager manager = NDManager.newBaseManager()) {
      DiscreteLosses losses = new DiscreteLosses("training step, " + path);
      for (int[] shape : YES_OR_NO) {
        losses.djlYesOrNo(manager, shape);
      }
      for (int[] shape : YES_OR_NO) {
        losses.dl4jYesOrNo(shape);
      }
      losses.dl4jCounts();
      losses.pairs.print(arguments.length < 2 ? "" : arguments[1]);
      for (AutoCloseable each : losses.owned) {
        each.close();
      }
    }
  }

  private void djlYesOrNo(NDManager manager, int[] shape) {
    NDArray x = manager.randomNormal(new Shape(shape[0], INPUTS));
    NDArray labels = manager.randomUniform(0, 2, new Shape(shape[0], shape[1])).floor();
    pairs.add(
        "DJL, yes or no [%d×%d]".formatted(shape[0], shape[1]),
        djlStep(new FusedSigmoidCrossEntropyLoss(), x, labels),
        djlStep(Loss.sigmoidBinaryCrossEntropyLoss(), x, labels));
  }

  private Runnable djlStep(Loss loss, NDArray x, NDArray labels) {
    Model model = Model.newInstance("network");
    owned.add(model);
    model.setBlock(
        new SequentialBlock()
            .add(Linear.builder().setUnits(INPUTS).build())
            .add(ai.djl.nn.Activation.reluBlock())
            .add(Linear.builder().setUnits(labels.getShape().get(1)).build()));
    Trainer trainer =
        model.newTrainer(
            new DefaultTrainingConfig(loss)
                .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(RATE)).build()));
    owned.add(trainer);
    trainer.initialize(x.getShape());
    return () -> step(trainer, x, labels);
  }

  private static void step(Trainer trainer, NDArray x, NDArray labels) {
    try (NDManager batch = trainer.getManager().newSubManager();
        GradientCollector collector = trainer.newGradientCollector()) {
      NDArray input = x.duplicate();
      input.attach(batch);
      NDList output = trainer.forward(new NDList(input));
      collector.backward(trainer.getLoss().evaluate(new NDList(labels), output));
    }
    trainer.step();
  }

  private void dl4jYesOrNo(int[] shape) {
    INDArray labels = Nd4j.rand(DataType.FLOAT, shape[0], shape[1]).gt(0.5).castTo(DataType.FLOAT);
    pairs.add(
        "DL4J, yes or no [%d×%d]".formatted(shape[0], shape[1]),
        dl4jStep(new LossFusedSigmoidCrossEntropy(), new ActivationSigmoid(), labels),
        dl4jStep(new LossBinaryXENT(), new ActivationSigmoid(), labels));
  }

  private void dl4jCounts() {
    INDArray labels = Nd4j.rand(DataType.FLOAT, COUNTS[0], COUNTS[1]).mul(6);
    CountOptions softplus = CountOptions.DEFAULT.withRate(PositiveTransform.softplus());
    pairs.add(
        "DL4J, counts [%d×%d]".formatted(COUNTS[0], COUNTS[1]),
        dl4jStep(new LossFusedPoisson(softplus), new ActivationStableSoftplus(), labels),
        dl4jStep(new LossPoisson(), new ActivationSoftPlus(), labels));
  }

  private static Runnable dl4jStep(ILossFunction loss, IActivation activation, INDArray labels) {
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .updater(new Sgd(RATE))
            .list()
            .layer(
                new DenseLayer.Builder()
                    .nIn(INPUTS)
                    .nOut(INPUTS)
                    .activation(new ActivationReLU())
                    .build())
            .layer(
                new OutputLayer.Builder(loss)
                    .nIn(INPUTS)
                    .nOut(labels.size(1))
                    .activation(activation)
                    .build())
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    DataSet data = new DataSet(Nd4j.randn(DataType.FLOAT, labels.size(0), INPUTS), labels);
    return () -> network.fit(data);
  }
}
