package org.stableops.spark;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.PositiveTransform;
import org.stableops.djl.Squareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.weights.PositiveWeights;

/**
 * The network of this example, in both frameworks: 64 pixels, 64 hidden units of squareplus, and
 * ten sums of them by positive weights. A hidden unit, always above 0, is then evidence that is
 * never held against a digit. Softmax only sees differences, so nothing is lost by that.
 */
final class Networks {
  static final int HIDDEN_UNITS = 64;
  private static final double SQUAREPLUS_B = 0.04;
  private static final PositiveTransform TRANSFORM = PositiveTransform.softplus();

  private Networks() {}

  static MultiLayerConfiguration dl4j(long seed, double learningRate) {
    DenseLayer hidden =
        new DenseLayer.Builder()
            .nIn(Digit.PIXELS)
            .nOut(HIDDEN_UNITS)
            .activation(new ActivationSquareplus(SQUAREPLUS_B))
            .build();
    OutputLayer output =
        new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
            .nIn(HIDDEN_UNITS)
            .nOut(Digit.CLASSES)
            .activation(Activation.SOFTMAX)
            .build();
    return new NeuralNetConfiguration.Builder()
        .seed(seed)
        .updater(new Adam(learningRate))
        .list()
        .layer(hidden)
        .layer(PositiveWeights.by(TRANSFORM).on(output))
        .build();
  }

  /** The same network in DJL, up to the logits. */
  static SequentialBlock djl(NDManager manager, MultiLayerNetwork network) {
    Linear hidden = Linear.builder().setUnits(HIDDEN_UNITS).build();
    PositiveLinear output =
        PositiveLinear.builder().setUnits(Digit.CLASSES).optTransform(TRANSFORM).build();
    SequentialBlock block =
        new SequentialBlock().add(hidden).add(Squareplus.block(SQUAREPLUS_B)).add(output);
    block.initialize(manager, DataType.FLOAT32, new Shape(1, Digit.PIXELS));
    try (NDManager temporary = manager.newSubManager()) {
      set(hidden, "weight", transposed(temporary, network.getParam("0_W")));
      set(hidden, "bias", array(temporary, network.getParam("0_b")));
      output.weight().set(transposed(temporary, PositiveWeights.get(network.getLayer(1), "W")));
      set(output, "bias", array(temporary, network.getParam("1_b")));
    }
    return block;
  }

  private static void set(Block block, String parameter, NDArray values) {
    block.getDirectParameters().get(parameter).getArray().set(values.toByteBuffer());
  }

  /** DL4J's weights are inputs × outputs, DJL's outputs × inputs. */
  private static NDArray transposed(NDManager manager, INDArray weights) {
    return manager.create(weights.transpose().toFloatMatrix());
  }

  private static NDArray array(NDManager manager, INDArray bias) {
    return manager.create(bias.toFloatVector());
  }
}
