import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.nd4j.weights.PositiveWeights;

/** Learns exclusive or, and checks numbers that naive formulas get wrong. */
final class Dl4jConsumer {
  private static final int STEPS = 300;

  private Dl4jConsumer() {}

  public static void main(String[] arguments) {
    INDArray logits = Nd4j.createFromArray(new float[][] {{20, 0, 0}});
    INDArray loss = SparseSoftmaxCrossEntropy.value(logits, Nd4j.createFromArray(0L));
    check("loss of a confident row", loss.getFloat(0), 4.1223074e-9, 1e-15);

    MultiLayerNetwork network = network();
    INDArray features = Nd4j.createFromArray(new float[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}});
    INDArray labels = Nd4j.createFromArray(new float[][] {{0}, {1}, {1}, {0}});
    for (int step = 0; step < STEPS; step++) {
      network.fit(features, labels);
    }
    check("loss of exclusive or", network.score(), 0, 0.05);
    check(
        "negative positive weights",
        negatives(PositiveWeights.get(network.getLayer(1), "W")),
        0,
        0);
  }

  private static MultiLayerNetwork network() {
    PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.05))
                .activation(new ActivationSquareplus())
                .list()
                .layer(new DenseLayer.Builder().nIn(2).nOut(16).build())
                .layer(positive.on(new DenseLayer.Builder().nIn(16).nOut(8).build()))
                .layer(
                    new OutputLayer.Builder(new LossFusedSoftmaxCrossEntropy())
                        .nIn(8)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  private static int negatives(INDArray weights) {
    return weights.lt(0).castTo(DataType.INT32).sumNumber().intValue();
  }

  private static void check(String what, double actual, double expected, double tolerance) {
    System.out.println(what + ": " + actual);
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new AssertionError(what + " must be " + expected + ", got " + actual);
    }
  }
}
