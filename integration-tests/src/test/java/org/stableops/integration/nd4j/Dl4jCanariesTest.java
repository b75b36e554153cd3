package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;

/** What is wrong in DL4J 1.0.0-M2.1, and makes our layers and positive weights what they are. */
final class Dl4jCanariesTest {
  /** Why PositiveScaleLayer and LearnableSquareplusLayer are not written in SameDiff. */
  @Test
  void gradientsOfSameDiffLayersAreTwiceTooLarge() {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(1))
                .list()
                .layer(new Twofold())
                .layer(new LossLayer.Builder(new LossMSE()).activation(Activation.IDENTITY).build())
                .build());
    net.init();
    net.fit(Nd4j.ones(DataType.DOUBLE, 1, 1), Nd4j.zeros(DataType.DOUBLE, 1, 1));
    // (p·1 − 0)² at p = 1 has the derivative 2.
    assertEquals(1 - 2 * 2, net.params().getDouble(0), 1e-12);
  }

  /** x·p, p = 1 at first. */
  static final class Twofold extends SameDiffLayer {
    private static final long serialVersionUID = 1;

    @Override
    public InputType getOutputType(int index, InputType type) {
      return type;
    }

    @Override
    public void defineParameters(SDLayerParams parameters) {
      parameters.addWeightParam("p", 1, 1);
    }

    @Override
    public void initializeParameters(Map<String, INDArray> parameters) {
      parameters.get("p").assign(1);
    }

    @Override
    public SDVariable defineLayer(
        SameDiff graph, SDVariable x, Map<String, SDVariable> parameters, SDVariable mask) {
      return x.mul(parameters.get("p"));
    }
  }

  /**
   * Why PositiveWeights refuses DepthwiseConvolution2D and SeparableConvolution2D: their parameters
   * begin with the biases, but are named weights first, so that what is meant for weights is done
   * to biases.
   */
  @Test
  void depthwiseConvolutionsRegularizeTheirBiases() {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .dataType(DataType.DOUBLE)
                .updater(new Sgd(1))
                .list()
                .layer(
                    new DepthwiseConvolution2D.Builder(2, 2)
                        .depthMultiplier(1)
                        .nOut(2)
                        .biasInit(1)
                        .regularization(List.of(new L2Regularization(1)))
                        .build())
                .layer(new OutputLayer.Builder(new LossMSE()).nOut(2).build())
                .setInputType(InputType.convolutional(3, 3, 2))
                .build());
    net.init();
    // Without a gradient from above only the penalty is left.
    net.getLayer(1).params().assign(0);
    net.fit(
        Nd4j.zeros(DataType.DOUBLE, 1, 2, 3, 3),
        net.output(Nd4j.zeros(DataType.DOUBLE, 1, 2, 3, 3)));
    assertEquals(0, net.getLayer(0).getParam("b").amaxNumber().doubleValue(), "1 is right");
  }

  /** Why positive weights count equal penalties once. */
  @Test
  void fineTuningAddsWeightDecayTwice() {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .list()
                .layer(new OutputLayer.Builder(new LossMSE()).nIn(2).nOut(2).build())
                .build());
    net.init();
    MultiLayerNetwork tuned =
        new TransferLearning.Builder(net)
            .fineTuneConfiguration(new FineTuneConfiguration.Builder().weightDecay(0.25).build())
            .build();
    WeightDecay decay = new WeightDecay(0.25, true);
    BaseLayer layer = (BaseLayer) tuned.getLayer(0).conf().getLayer();
    assertEquals(List.of(decay, decay), layer.getRegularization(), "one is right");
  }
}
