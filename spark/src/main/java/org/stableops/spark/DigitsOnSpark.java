package org.stableops.spark;

import java.io.PrintWriter;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Handwritten digits on a cluster: the main class for spark-submit. See docs/spark.md. */
@Command(
    name = "digits",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Trains and scores on a cluster with DL4J, DJL and stable-ops.")
public final class DigitsOnSpark {
  private DigitsOnSpark() {}

  /**
   * Runs a command, and ends the JVM if it failed.
   *
   * @param arguments see --help
   */
  public static void main(String[] arguments) {
    int code = commandLine().execute(arguments);
    if (code != CommandLine.ExitCode.OK) {
      System.exit(code);
    }
  }

  static CommandLine commandLine() {
    return new CommandLine(new DigitsOnSpark())
        .addSubcommand("train", new TrainCommand())
        .addSubcommand("score-dl4j", new ScoreCommand(ModelKind.DL4J))
        .addSubcommand("score-djl", new ScoreCommand(ModelKind.DJL))
        .addSubcommand("to-djl", new ToDjlCommand())
        .setExecutionExceptionHandler(DigitsOnSpark::failed);
  }

  /** The whole trace: what failed in a task is its last cause. */
  private static int failed(
      Exception exception, CommandLine command, CommandLine.ParseResult arguments) {
    PrintWriter err = command.getErr();
    err.printf("%s failed: ", command.getCommandName());
    exception.printStackTrace(err);
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Master and resources come from spark-submit. */
  static JavaSparkContext spark(String name) {
    // Kryo needs it for arrays of ND4J; with Java's serializer nobody asks for it.
    SparkConf configuration =
        new SparkConf()
            .setAppName(name)
            .setIfMissing("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
    return new JavaSparkContext(configuration);
  }
}
