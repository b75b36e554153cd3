package org.stableops.benchmarks;

import java.util.List;
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
final class Dl4jNetwork implements Network {
  static final String HOST = "DL4J";

  private final MultiLayerNetwork network;
  private final TimedLoss loss;
  private final DataSet batch;
  private Laps laps;

  private Dl4jNetwork(NetworkShape shape, IActivation activation, ILossFunction loss) {
    this.loss = new TimedLoss(loss);
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .updater(new Sgd(ReferenceNetwork.LEARNING_RATE))
            .list();
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
    for (int layer = 1; layer < shape.widths().size(); layer++) {
      setWeights(layer - 1, shape.widths().get(layer - 1), shape.widths().get(layer));
    }
    network.setListeners(new Stamps());
    batch = batch(shape);
  }

  private void setWeights(int layer, int inputs, int outputs) {
    try (INDArray weights = Nd4j.createFromArray(NetworkShape.weights(inputs, outputs))) {
      network.getLayer(layer).getParam("W").assign(weights.reshape(inputs, outputs));
    }
  }

  private static DataSet batch(NetworkShape shape) {
    INDArray features =
        Nd4j.createFromArray(shape.features()).reshape(shape.batch(), shape.inputs());
    INDArray labels =
        Nd4j.createFromArray(shape.oneHotLabels()).reshape(shape.batch(), shape.classes());
    return new DataSet(features, labels);
  }

  static Network of(NetworkShape shape, NetworkKind kind) {
    return switch (kind) {
      case STOCK_SOFTPLUS -> stock(shape, new ActivationSoftPlus());
      case SOFTPLUS -> ours(shape, new ActivationStableSoftplus());
      case STOCK_RELU -> stock(shape, new ActivationReLU());
      case SQUAREPLUS -> ours(shape, new ActivationSquareplus());
      case RELU -> ours(shape, new ActivationReLU());
    };
  }

  private static Network stock(NetworkShape shape, IActivation activation) {
    return new Dl4jNetwork(shape, activation, new LossMCXENT());
  }

  private static Network ours(NetworkShape shape, IActivation activation) {
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
  public double loss() {
    return network.score(batch);
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
