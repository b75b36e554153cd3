package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.Squareplus;

/**
 * The training step of a network in SameDiff, by fit of one batch. It has no phases: SameDiff
 * updates a parameter as soon as it has its gradient.
 */
final class SameDiffNetwork implements Loop {
  static final String HOST = "SameDiff";

  private final SameDiff graph = SameDiff.create();
  private final DataSet batch;

  private SameDiffNetwork(
      NetworkShape shape, UnaryOperator<SDVariable> activation, BinaryOperator<SDVariable> loss) {
    SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, shape.inputs());
    SDVariable labels = graph.placeHolder("labels", DataType.FLOAT, -1, shape.classes());
    int inputs = shape.inputs();
    for (int width : shape.hidden()) {
      x = activation.apply(dense(x, inputs, width));
      inputs = width;
    }
    loss.apply(labels, dense(x, inputs, shape.classes())).rename("loss");
    graph.setLossVariables("loss");
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Sgd(0.01))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("labels")
            .build());
    batch =
        new DataSet(
            Nd4j.createFromArray(shape.features(1)).reshape(shape.batch(), shape.inputs()),
            Nd4j.createFromArray(shape.oneHotLabels(1)).reshape(shape.batch(), shape.classes()));
  }

  private SDVariable dense(SDVariable x, int inputs, int width) {
    INDArray start = Nd4j.randn(DataType.FLOAT, inputs, width).divi(Math.sqrt(inputs));
    SDVariable weight = graph.var(start);
    SDVariable bias = graph.var(Nd4j.zeros(DataType.FLOAT, width));
    return graph.nn().linear(x, weight, bias);
  }

  /** Everybody who competes on a network. */
  static Map<String, Supplier<Loop>> contestants(NetworkShape shape) {
    Map<String, Supplier<Loop>> all = new LinkedHashMap<>();
    all.put(Networks.STOCK_SOFTPLUS, () -> stock(shape, x -> x.getSameDiff().nn().softplus(x)));
    all.put(Networks.SOFTPLUS, () -> ours(shape, Softplus::value));
    all.put(Networks.STOCK_RELU, () -> stock(shape, SameDiffNetwork::relu));
    all.put(Networks.SQUAREPLUS, () -> ours(shape, Squareplus::value));
    all.put(Networks.RELU_OUR_LOSS, () -> ours(shape, SameDiffNetwork::relu));
    return all;
  }

  private static SDVariable relu(SDVariable x) {
    return x.getSameDiff().nn().relu(x, 0);
  }

  private static Loop stock(NetworkShape shape, UnaryOperator<SDVariable> activation) {
    return new SameDiffNetwork(
        shape,
        activation,
        (labels, logits) ->
            logits.getSameDiff().loss().softmaxCrossEntropy(labels, logits, null));
  }

  private static Loop ours(NetworkShape shape, UnaryOperator<SDVariable> activation) {
    return new SameDiffNetwork(
        shape, activation, (labels, logits) -> SoftmaxCrossEntropy.value(logits, labels));
  }

  @Override
  public void step(Laps laps) {
    laps.begin();
    graph.fit(batch);
    laps.end();
  }

  @Override
  public void close() {
    batch.getFeatures().close();
    batch.getLabels().close();
  }
}
