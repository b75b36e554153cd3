package org.stableops.benchmarks;

import java.util.Map;
import java.util.function.BinaryOperator;
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
final class SameDiffNetwork implements Network {
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
            .updater(new Sgd(ReferenceNetwork.LEARNING_RATE))
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("labels")
            .build());
    batch =
        new DataSet(
            Nd4j.createFromArray(shape.features()).reshape(shape.batch(), shape.inputs()),
            Nd4j.createFromArray(shape.oneHotLabels()).reshape(shape.batch(), shape.classes()));
  }

  private SDVariable dense(SDVariable x, int inputs, int width) {
    float[] start = NetworkShape.weights(inputs, width);
    SDVariable weight = graph.var(Nd4j.createFromArray(start).reshape(inputs, width));
    SDVariable bias = graph.var(Nd4j.zeros(DataType.FLOAT, width));
    return graph.nn().linear(x, weight, bias);
  }

  static Network of(NetworkShape shape, NetworkKind kind) {
    return switch (kind) {
      case STOCK_SOFTPLUS -> stock(shape, x -> x.getSameDiff().nn().softplus(x));
      case SOFTPLUS -> ours(shape, Softplus::value);
      case STOCK_RELU -> stock(shape, SameDiffNetwork::relu);
      case SQUAREPLUS -> ours(shape, Squareplus::value);
      case RELU -> ours(shape, SameDiffNetwork::relu);
    };
  }

  private static SDVariable relu(SDVariable x) {
    return x.getSameDiff().nn().relu(x, 0);
  }

  private static Network stock(NetworkShape shape, UnaryOperator<SDVariable> activation) {
    return new SameDiffNetwork(
        shape,
        activation,
        (labels, logits) -> logits.getSameDiff().loss().softmaxCrossEntropy(labels, logits, null));
  }

  private static Network ours(NetworkShape shape, UnaryOperator<SDVariable> activation) {
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
  public double loss() {
    Map<String, INDArray> placeholders =
        Map.of("x", batch.getFeatures(), "labels", batch.getLabels());
    return graph.output(placeholders, "loss").get("loss").getDouble(0);
  }

  @Override
  public void close() {
    batch.getFeatures().close();
    batch.getLabels().close();
  }
}
