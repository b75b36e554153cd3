package org.stableops.integration.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.stableops.integration.oracle.Format;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The main job: trains in both frameworks side by side, measures the operators, writes a report,
 * and fails if what this project promises does not hold.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    showDefaultValues = true,
    description =
        "Trains one network on handwritten digits in DJL and in SameDiff, compares them step by"
            + " step, measures the error of every operator, and writes a report.")
final class Demo implements Callable<Integer> {
  private static final double LEAST_ACCURACY = 0.95;
  private static final double MOST_DIFFERENCE = 1e-4;
  private static final int LEAST_POINTS = 10;

  @Option(names = "--epochs", description = "Passes over the training digits.")
  private int epochs = 30;

  @Option(names = "--batch-size", description = "Digits a step.")
  private int batchSize = 16;

  @Option(names = "--learning-rate", description = "Of plain stochastic gradient descent.")
  private float learningRate = 0.02f;

  @Option(names = "--seed", description = "Of the initial weights and the order of the batches.")
  private long seed = 1;

  @Option(names = "--points", description = "At which an operator is measured in a dtype.")
  private int points = 1000;

  @Option(names = "--report", paramLabel = "<dir>", description = "Where to write the report.")
  private Path report = Path.of("target", "report");

  @Spec private CommandSpec spec;

  private Demo() {}

  /**
   * Runs the demo and exits, with 0 if all went well.
   *
   * @param arguments see --help
   */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Demo()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Digits digits = Digits.load();
    requireValid(digits.training().size());
    PrintWriter out = spec.commandLine().getOut();
    Settings settings = new Settings(epochs, batchSize, learningRate, seed);
    List<TwinTraining> trainings = new ArrayList<>();
    for (Format format : List.of(Format.FLOAT32, Format.FLOAT64)) {
      trainings.add(TwinTraining.run(format, settings, digits, out));
      print(trainings.get(trainings.size() - 1), out);
    }
    out.println();
    List<ErrorRow> errors = ErrorTable.measure(points, new Progress(out));
    out.println();
    ErrorTable.lines(errors).forEach(out::println);
    out.println(ErrorRow.EXPLANATION);
    Path page = new Report(report).write(trainings, MOST_DIFFERENCE, errors);
    out.printf("%nReport: %s%n", page.toAbsolutePath().normalize());
    out.flush();
    return verdict(trainings, errors);
  }

  private void requireValid(int trainingDigits) {
    require(epochs >= 1, "--epochs must be at least 1, got " + epochs);
    require(
        batchSize >= 1 && batchSize <= trainingDigits,
        "--batch-size must be in [1, %d], got %d".formatted(trainingDigits, batchSize));
    require(
        learningRate > 0 && learningRate < Float.POSITIVE_INFINITY,
        "--learning-rate must be finite and > 0, got " + learningRate);
    require(
        points >= LEAST_POINTS,
        "--points must be at least %d, got %d".formatted(LEAST_POINTS, points));
  }

  private void require(boolean valid, String message) {
    if (!valid) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }

  private static void print(TwinTraining training, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "Learned temperature %.6f and %.6f; largest relative difference of a step's loss %.1e;"
            + " %.1f s%n",
        training.djlTemperature(),
        training.sameDiffTemperature(),
        training.largestDifference(),
        training.seconds());
    out.flush();
  }

  /** 0, or 1 and a line on the error stream for each promise that does not hold. */
  private int verdict(List<TwinTraining> trainings, List<ErrorRow> errors) {
    List<String> missed = new ArrayList<>();
    trainings.forEach(training -> check(training, missed));
    errors.stream()
        .filter(ErrorRow::isMissed)
        .forEach(row -> missed.add("above its error bar: " + String.join(" ", row.cells())));
    missed.forEach(line -> spec.commandLine().getErr().println("MISSED: " + line));
    spec.commandLine().getErr().flush();
    return missed.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private static void check(TwinTraining training, List<String> missed) {
    String dtype = training.format().name().toLowerCase(Locale.ROOT);
    double accuracy = Math.min(training.djlAccuracy(), training.sameDiffAccuracy());
    if (!(accuracy >= LEAST_ACCURACY)) {
      missed.add(
          String.format(
              Locale.ROOT,
              "held-out accuracy in %s must be at least %.0f %%, got %.2f %%",
              dtype,
              100 * LEAST_ACCURACY,
              100 * accuracy));
    }
    if (!(training.largestDifference() <= MOST_DIFFERENCE)) {
      missed.add(
          String.format(
              Locale.ROOT,
              "losses in %s must agree to %.0e in every step, differed by %.1e",
              dtype,
              MOST_DIFFERENCE,
              training.largestDifference()));
    }
  }
}
