package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * The training step of a network in DL4J, by fit. Listeners hear of the end of the forward pass
 * through the hidden layers, so that the output layer's matrix products are part of the backward
 * pass.
 */
final class Dl4jNetwork implements Loop {
  static final String HOST = "DL4J";

  private final MultiLayerNetwork network;
  private final TimedLoss loss;
  private final DataSet batch;
  private Laps laps;

  private Dl4jNetwork(NetworkShape shape, IActivation activation, ILossFunction loss) {
    this.loss = new TimedLoss(loss);
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder().seed(1).updater(new Sgd(0.01)).list();
    int inputs = shape.inputs();
    for (int width : shape.hidden()) {
      layers.layer(new DenseLayer.Builder().nIn(inputs).nOut(width).activation(activation).build());
      inputs = width;
    }
    layers.layer(
        new OutputLayer.Builder(this.loss)
            .nIn(inputs)
            .nOut(shape.classes())
            .activation(Activation.SOFTMAX)
            .build());
    network = new MultiLayerNetwork(layers.build());
    network.init();
    network.setListeners(new Stamps());
    batch = batch(shape);
  }

  private static DataSet batch(NetworkShape shape) {
    INDArray features =
        Nd4j.createFromArray(shape.features(1)).reshape(shape.batch(), shape.inputs());
    INDArray labels =
        Nd4j.createFromArray(shape.oneHotLabels(1)).reshape(shape.batch(), shape.classes());
    return new DataSet(features, labels);
  }

  /** Everybody who competes on a network. */
  static Map<String, Supplier<Loop>> contestants(NetworkShape shape) {
    Map<String, Supplier<Loop>> all = new LinkedHashMap<>();
    all.put(Networks.STOCK_SOFTPLUS, () -> stock(shape, new ActivationSoftPlus()));
    all.put(Networks.SOFTPLUS, () -> ours(shape, new ActivationStableSoftplus()));
    all.put(Networks.STOCK_RELU, () -> stock(shape, new ActivationReLU()));
    all.put(Networks.SQUAREPLUS, () -> ours(shape, new ActivationSquareplus()));
    all.put(Networks.RELU_OUR_LOSS, () -> ours(shape, new ActivationReLU()));
    return all;
  }

  private static Loop stock(NetworkShape shape, IActivation activation) {
    return new Dl4jNetwork(shape, activation, new LossMCXENT());
  }

  private static Loop ours(NetworkShape shape, IActivation activation) {
    return new Dl4jNetwork(shape, activation, new LossFusedSoftmaxCrossEntropy());
  }

  @Override
  public void step(Laps laps) {
    this.laps = laps;
    loss.nanoseconds = 0;
    laps.begin();
    network.fit(batch);
    laps.end(Phase.RELEASE);
    laps.move(loss.nanoseconds, Phase.LOSS, Phase.BACKWARD);
    laps.end();
  }

  @Override
  public void close() {
    network.close();
    batch.getFeatures().close();
    batch.getLabels().close();
  }

  /** Ends phases. */
  private final class Stamps extends BaseTrainingListener {
    @Override
    public void onForwardPass(Model model, List<INDArray> activations) {
      laps.end(Phase.FORWARD);
    }

    @Override
    public void onBackwardPass(Model model) {
      laps.end(Phase.BACKWARD);
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      laps.end(Phase.STEP);
    }
  }
}
