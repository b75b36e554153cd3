package org.stableops.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.util.ModelSerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Trains a DL4J network by parameter averaging.")
final class TrainCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      required = true,
      description = "Digits to train with, in a file system that all machines see.")
  private String data;

  @Option(names = "--test", description = "Other digits, to measure with.")
  private String test;

  @Option(names = "--model", required = true, description = "Where to write the network.")
  private Path model;

  @Option(names = "--workers", description = "Usually the cores of all executors together.")
  private int workers = 2;

  @Option(names = "--epochs", description = "Passes over the data.")
  private int epochs = 20;

  @Option(names = "--batch-size", description = "Digits a step of a worker.")
  private int batchSize = 16;

  @Option(names = "--averaging-frequency", description = "Steps between two averages.")
  private int averagingFrequency = 5;

  @Option(names = "--learning-rate", description = "Of Adam.")
  private double learningRate = 0.005;

  @Option(names = "--seed", description = "Of the initial weights and the order of the data.")
  private long seed = 1;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    Checks.atLeastOne(command, "--workers", workers);
    Checks.atLeastOne(command, "--epochs", epochs);
    Checks.atLeastOne(command, "--batch-size", batchSize);
    Checks.atLeastOne(command, "--averaging-frequency", averagingFrequency);
    Checks.positive(command, "--learning-rate", learningRate);
    Checks.canBeWritten(command, model);
    try (JavaSparkContext spark = DigitsOnSpark.spark("digits: train")) {
      Checks.exists(command, spark, data);
      if (test != null) {
        Checks.exists(command, spark, test);
      }
      train(spark, command.commandLine().getOut());
    }
    return 0;
  }

  private void train(JavaSparkContext spark, PrintWriter out) throws IOException {
    Training training =
        new Training(workers, epochs, batchSize, averagingFrequency, learningRate, seed);
    SparkDl4jMultiLayer network = training.run(spark, data, out);
    ModelSerializer.writeModel(network.getNetwork(), model.toFile(), true);
    out.printf("Wrote %s%n", model);
    if (test != null) {
      training.evaluate(network, test, out);
    }
  }
}
