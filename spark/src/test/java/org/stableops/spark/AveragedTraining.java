package org.stableops.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.common.SplitPartitionsFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Parameter averaging in one thread and without Spark: the workers take their steps one after the
 * other. Only which digits belong to which average is DL4J's own function of the seed.
 */
final class AveragedTraining {
  private final Training training;
  private final MultiLayerNetwork network;

  private AveragedTraining(Training training) {
    this.training = training;
    network = new MultiLayerNetwork(Networks.dl4j(training.seed(), training.learningRate()));
    network.init();
  }

  static MultiLayerNetwork run(Training training, List<List<Digit>> partitions) throws Exception {
    AveragedTraining averaged = new AveragedTraining(training);
    Random seeds = new Random(training.seed());
    for (int epoch = 0; epoch < training.epochs(); epoch++) {
      averaged.epoch(partitions, seeds.nextLong());
    }
    return averaged.network;
  }

  private void epoch(List<List<Digit>> partitions, long seed) throws Exception {
    int digits = partitions.stream().mapToInt(List::size).sum();
    int digitsAnAverage = training.workers() * training.batchSize() * training.averagingFrequency();
    int averages = digits / digitsAnAverage;
    for (int i = 0; i < averages; i++) {
      List<List<Digit>> dealt = new ArrayList<>();
      SplitPartitionsFunction<Digit> deal = new SplitPartitionsFunction<>(i, averages, seed);
      for (int partition = 0; partition < partitions.size(); partition++) {
        dealt.add(list(deal.call(partition, partitions.get(partition).iterator())));
      }
      average(dealt);
    }
    network.incrementEpochCount();
  }

  private static List<Digit> list(Iterator<Digit> digits) {
    List<Digit> list = new ArrayList<>();
    digits.forEachRemaining(list::add);
    return list;
  }

  private void average(List<List<Digit>> dealt) {
    List<MultiLayerNetwork> workers = dealt.stream().map(this::steps).toList();
    INDArray parameters = workers.get(0).params().dup();
    INDArray state = workers.get(0).getUpdater().getStateViewArray().dup();
    for (MultiLayerNetwork worker : workers.subList(1, workers.size())) {
      parameters.addi(worker.params());
      state.addi(worker.getUpdater().getStateViewArray());
    }
    network.setParams(parameters.divi(workers.size()));
    network.getUpdater().setStateViewArray(network, state.divi(workers.size()), false);
    MultiLayerConfiguration configuration = network.getLayerWiseConfigurations();
    configuration.setIterationCount(
        configuration.getIterationCount() + training.averagingFrequency());
  }

  /** A worker's steps from where all are. */
  private MultiLayerNetwork steps(List<Digit> digits) {
    MultiLayerNetwork worker = network.clone();
    int size = training.batchSize();
    for (int step = 0; step < training.averagingFrequency(); step++) {
      List<Digit> batch =
          digits.subList(
              Math.min(digits.size(), step * size), Math.min(digits.size(), (step + 1) * size));
      if (!batch.isEmpty()) {
        worker.fit(DataSet.merge(batch.stream().map(Digit::dataSet).toList()));
      }
    }
    return worker;
  }
}
