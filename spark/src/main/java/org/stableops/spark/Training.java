package org.stableops.spark;

import java.io.PrintWriter;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Trains by parameter averaging: each worker takes some steps of its own on its part of the data,
 * then all go on from the mean of their parameters and of their optimisers' states.
 *
 * @param workers parts of the data
 * @param epochs passes over the data
 * @param batchSize digits a step of a worker
 * @param averagingFrequency steps of a worker between two averages
 * @param learningRate of Adam
 * @param seed of the initial weights, and of the order of the data
 */
record Training(
    int workers,
    int epochs,
    int batchSize,
    int averagingFrequency,
    double learningRate,
    long seed) {
  SparkDl4jMultiLayer run(JavaSparkContext spark, String data, PrintWriter out) {
    JavaRDD<DataSet> digits = partitioned(spark.textFile(data, workers)).map(Training::dataSet);
    SparkDl4jMultiLayer network =
        new SparkDl4jMultiLayer(spark, Networks.dl4j(seed, learningRate), master());
    for (int epoch = 1; epoch <= epochs; epoch++) {
      network.fit(digits);
      out.printf(
          Locale.ROOT,
          "Epoch %d of %d: mean loss of the workers' last steps %.6f%n",
          epoch,
          epochs,
          network.getScore());
      out.flush();
    }
    return network;
  }

  /** Prints the loss and the accuracy on other data, which executors compute. */
  void evaluate(SparkDl4jMultiLayer network, String data, PrintWriter out) {
    JavaRDD<DataSet> digits =
        network.getSparkContext().textFile(data, workers).map(Training::dataSet);
    out.printf(
        Locale.ROOT,
        "On %s: loss %.6f, accuracy %.2f %%%n",
        data,
        network.calculateScore(digits, true),
        100 * network.evaluate(digits).accuracy());
    out.flush();
  }

  private JavaRDD<String> partitioned(JavaRDD<String> lines) {
    return lines.getNumPartitions() == workers ? lines : lines.repartition(workers);
  }

  private static DataSet dataSet(String line) {
    return Digit.parse(line).dataSet();
  }

  /**
   * The seed deals the digits of each partition out to the averages of an epoch, and they stay
   * where they are: DL4J's export would write them to files of random names, so that no two runs
   * have the same batches.
   */
  private ParameterAveragingTrainingMaster master() {
    return new ParameterAveragingTrainingMaster.Builder(workers, 1)
        .batchSizePerWorker(batchSize)
        .averagingFrequency(averagingFrequency)
        .saveUpdater(true)
        .rddTrainingApproach(RDDTrainingApproach.Direct)
        .repartionData(Repartition.Never)
        .rngSeed(seed)
        .build();
  }
}
