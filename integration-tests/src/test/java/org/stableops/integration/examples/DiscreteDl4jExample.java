package org.stableops.integration.examples;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.evaluation.classification.EvaluationBinary;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.evaluation.DevianceEvaluation;
import org.stableops.nd4j.lossfunctions.LossFusedNegativeBinomial;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;
import org.stableops.nd4j.lossfunctions.LossFusedSigmoidCrossEntropy;

final class DiscreteDl4jExample {
  private static final int EPOCHS = 600;

  private DiscreteDl4jExample() {}

  static double yesOrNo(DataSetIterator data) {
    // README: yes or no in DL4J
    OutputLayer layer =
        new OutputLayer.Builder(
                new LossFusedSigmoidCrossEntropy(
                    BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(1, 20, 5)))
            .nIn(4)
            .nOut(3)
            .activation(Activation.SIGMOID) // puts out probabilities; the loss works on the logits
            .build();
    // end
    EvaluationBinary evaluation = new EvaluationBinary();
    network(layer, data).doEvaluation(data, evaluation);
    return evaluation.averageAccuracy();
  }

  static double poisson(INDArray features, INDArray counts, INDArray hours) {
    // README: counts in DL4J
    DataSet data = new DataSet(features, Nd4j.hstack(counts, hours)); // the counts first
    LossFusedPoisson loss =
        new LossFusedPoisson(CountOptions.DEFAULT.withRate(PositiveTransform.softplus()))
            .withExposure();
    OutputLayer layer =
        new OutputLayer.Builder(loss)
            .nIn(4)
            .nOut(1)
            .activation(new ActivationStableSoftplus()) // puts out rates, of one hour
            .build();
    DevianceEvaluation evaluation = new DevianceEvaluation(loss.ofRates()); // the outputs are rates
    // end
    DataSetIterator batches = batches(data);
    network(layer, batches).doEvaluation(batches, evaluation);
    return evaluation.meanDeviance();
  }

  static INDArray negativeBinomial(DataSetIterator data, INDArray features) {
    // README: counts that vary more in DL4J
    LossFusedNegativeBinomial loss = new LossFusedNegativeBinomial();
    OutputLayer layer =
        new OutputLayer.Builder(loss)
            .nIn(4)
            .nOut(2) // for one count: the raw values of its mean and of its θ
            .activation(Activation.IDENTITY)
            .build();
    // end
    MultiLayerNetwork network = network(layer, data);
    // README: what it puts out
    INDArray output = network.output(features);
    INDArray means = loss.means(output);
    INDArray thetas = loss.inverseDispersions(output);
    // end
    return Nd4j.hstack(means, thetas);
  }

  private static DataSetIterator batches(DataSet data) {
    return new SingletonDataSetIterator(data);
  }

  private static MultiLayerNetwork network(OutputLayer layer, DataSetIterator data) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.05))
                .list()
                .layer(layer)
                .build());
    network.init();
    network.fit(data, EPOCHS);
    return network;
  }
}
