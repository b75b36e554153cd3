package org.stableops.integration.demo;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.deeplearning4j.datasets.iterator.IteratorMultiDataSetIterator;
import org.nd4j.autodiff.listeners.At;
import org.nd4j.autodiff.listeners.BaseListener;
import org.nd4j.autodiff.listeners.Loss;
import org.nd4j.autodiff.listeners.Operation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.PositiveTransform;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.samediff.PositiveVariable;

/** The network in SameDiff: a graph with a TrainingConfig. */
final class SameDiffDigits implements DigitsTraining {
  private static final String PIXELS = "pixels";
  private static final String LABELS = "labels";

  private final DataType type;
  private final SameDiff graph = SameDiff.create();
  private final PositiveVariable temperature;
  private final SDVariable logits;
  private final int batchSize;

  SameDiffDigits(Format format, InitialWeights weights, Settings settings) {
    type = format == Format.FLOAT64 ? DataType.DOUBLE : DataType.FLOAT;
    batchSize = settings.batchSize();
    SDVariable pixels = graph.placeHolder(PIXELS, type, -1, Digits.PIXELS);
    SDVariable labels = graph.placeHolder(LABELS, DataType.INT32, -1);
    SDVariable hidden =
        Squareplus.value(linear("hidden", pixels, weights.hidden()), Settings.SQUAREPLUS_B);
    temperature =
        PositiveVariable.create(
            graph, "temperature", PositiveTransform.softplus(), Settings.INITIAL_TEMPERATURE, type);
    // Times 1/T: SameDiff's gradient of a quotient to a scalar divisor is wrong.
    SDVariable inverse = graph.math().reciprocal(temperature.value());
    logits = linear("output", hidden, weights.output()).mul(inverse);
    graph.setLossVariables(SparseSoftmaxCrossEntropy.value(logits, labels));
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(new Sgd(settings.learningRate()))
            .dataSetFeatureMapping(PIXELS)
            .dataSetLabelMapping(LABELS)
            .initialLossDataType(type)
            .build());
    differentiate(graph);
  }

  /** Does now what fit would do, without SameDiff's word on every op. */
  private static void differentiate(SameDiff graph) {
    PrintStream out = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    try {
      graph.createGradFunction();
    } finally {
      System.setOut(out);
    }
  }

  private SDVariable linear(String name, SDVariable x, InitialWeights.Matrix matrix) {
    INDArray rows = array(matrix.elements(), matrix.outputs(), matrix.inputs());
    SDVariable weight = graph.var(name + "Weight", rows.transpose().dup('c'));
    SDVariable bias = graph.var(name + "Bias", Nd4j.zeros(type, matrix.outputs()));
    return x.mmul(weight).add(bias);
  }

  @Override
  public double[] train(List<Examples> batches) {
    StepLosses losses = new StepLosses();
    List<MultiDataSet> dataSets = batches.stream().map(this::dataSet).toList();
    graph.fit(new IteratorMultiDataSetIterator(dataSets.iterator(), batchSize), 1, losses);
    dataSets.forEach(SameDiffDigits::close);
    return losses.steps.build().toArray();
  }

  private MultiDataSet dataSet(Examples batch) {
    return new org.nd4j.linalg.dataset.MultiDataSet(
        pixels(batch), Nd4j.createFromArray(batch.labels()));
  }

  private static void close(MultiDataSet dataSet) {
    dataSet.getFeatures(0).close();
    dataSet.getLabels(0).close();
  }

  @Override
  public long[] predict(Examples examples) {
    try (INDArray pixels = pixels(examples);
        INDArray computed = graph.outputSingle(Map.of(PIXELS, pixels), logits.name());
        INDArray classes = computed.argMax(1)) {
      return classes.toLongVector();
    }
  }

  @Override
  public double temperature() {
    try (INDArray value = temperature.get()) {
      return value.getDouble();
    }
  }

  @Override
  public void close() {
    graph.variables().stream()
        .filter(variable -> !variable.isPlaceHolder())
        .map(SDVariable::getArr)
        .filter(array -> array != null && array.closeable())
        .forEach(INDArray::close);
  }

  private INDArray pixels(Examples examples) {
    return array(examples.pixels(), examples.size(), Digits.PIXELS);
  }

  private INDArray array(double[] elements, long rows, long columns) {
    return Nd4j.createFromArray(elements).reshape(rows, columns).castTo(type);
  }

  /** Keeps the loss of each step. */
  private static final class StepLosses extends BaseListener {
    private final DoubleStream.Builder steps = DoubleStream.builder();

    @Override
    public boolean isActive(Operation operation) {
      return operation == Operation.TRAINING;
    }

    @Override
    public void iterationDone(SameDiff graph, At at, MultiDataSet batch, Loss loss) {
      steps.add(loss.totalLoss());
    }
  }
}
