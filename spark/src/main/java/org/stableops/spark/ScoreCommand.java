package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Scores digits with a saved model; executors read, predict and write.")
final class ScoreCommand implements Callable<Integer> {
  private final ModelKind kind;

  @Option(
      names = "--data",
      required = true,
      description = "Digits to score, in a file system that all machines see.")
  private String data;

  @Option(
      names = "--model",
      required = true,
      description = "What train (a file) or to-djl (a directory) wrote.")
  private Path model;

  @Option(
      names = "--output",
      required = true,
      description =
          "A new directory in such a file system: lines of the label, the class predicted, and the"
              + " model's outputs, in the order of the data.")
  private String output;

  @Option(names = "--partitions", description = "Of the data, at least.")
  private int partitions = 4;

  @Option(names = "--batch-size", description = "Digits a call of the model.")
  private int batchSize = 64;

  @Spec private CommandSpec command;

  ScoreCommand(ModelKind kind) {
    this.kind = kind;
  }

  @Override
  public Integer call() throws IOException {
    Checks.atLeastOne(command, "--partitions", partitions);
    Checks.atLeastOne(command, "--batch-size", batchSize);
    Checks.exists(command, model);
    try (JavaSparkContext spark = DigitsOnSpark.spark("digits: score")) {
      Checks.exists(command, spark, data);
      Checks.isNew(command, spark, output);
      new Scoring(data, output, partitions, batchSize)
          .run(spark, kind, model, command.commandLine().getOut());
    }
    ModelCache.OF_THIS_JVM.closeIdle(); // With a local master the tasks ran in this JVM.
    return 0;
  }
}
