package org.stableops.integration.demo;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import org.stableops.integration.oracle.Format;

/**
 * The same training in both frameworks.
 *
 * @param format the dtype of everything
 * @param epochs the passes in their order
 * @param djlTemperature what DJL learned
 * @param sameDiffTemperature what SameDiff learned
 * @param seconds how long both took together
 */
record TwinTraining(
    Format format,
    List<Epoch> epochs,
    double djlTemperature,
    double sameDiffTemperature,
    double seconds) {
  private static final String HEADER =
      "%n%s, %d digits to learn from, %d held out%n"
          + "        mean loss of the steps    held-out accuracy    largest relative difference%n"
          + "epoch       DJL    SameDiff         DJL   SameDiff     of any step's loss so far%n";
  private static final String LINE = "%5d  %8.5f    %8.5f    %7.2f%%   %7.2f%%     %.1e%n";

  /** Trains both, and prints a line an epoch. */
  static TwinTraining run(Format format, Settings settings, Digits digits, PrintWriter out) {
    long start = System.nanoTime();
    RandomGenerator order = new SplittableRandom(settings.seed());
    InitialWeights weights = InitialWeights.draw(new SplittableRandom(~settings.seed()));
    print(out, HEADER, format, digits.training().size(), digits.heldOut().size());
    try (DigitsTraining djl = new DjlDigits(format, weights, settings);
        DigitsTraining sameDiff = new SameDiffDigits(format, weights, settings)) {
      List<Epoch> epochs = new ArrayList<>();
      while (epochs.size() < settings.epochs()) {
        List<Examples> batches = digits.batches(settings.batchSize(), order);
        epochs.add(new Epoch(epoch(djl, batches, digits), epoch(sameDiff, batches, digits)));
        print(epochs, out);
      }
      double seconds = (System.nanoTime() - start) * 1e-9;
      return new TwinTraining(format, epochs, djl.temperature(), sameDiff.temperature(), seconds);
    }
  }

  private static Epoch.Result epoch(
      DigitsTraining training, List<Examples> batches, Digits digits) {
    double[] losses = training.train(batches);
    return new Epoch.Result(losses, digits.heldOut().accuracy(training.predict(digits.heldOut())));
  }

  private static void print(List<Epoch> epochs, PrintWriter out) {
    Epoch last = epochs.get(epochs.size() - 1);
    print(
        out,
        LINE,
        epochs.size(),
        last.djl().meanLoss(),
        last.sameDiff().meanLoss(),
        100 * last.djl().accuracy(),
        100 * last.sameDiff().accuracy(),
        largest(epochs));
  }

  private static void print(PrintWriter out, String format, Object... arguments) {
    out.printf(Locale.ROOT, format, arguments);
    out.flush();
  }

  double[] djlLosses() {
    return epochs.stream().flatMapToDouble(e -> DoubleStream.of(e.djl().losses())).toArray();
  }

  double[] sameDiffLosses() {
    return epochs.stream().flatMapToDouble(e -> DoubleStream.of(e.sameDiff().losses())).toArray();
  }

  double[] differences() {
    return epochs.stream().flatMapToDouble(Epoch::differences).toArray();
  }

  double largestDifference() {
    return largest(epochs);
  }

  private static double largest(List<Epoch> epochs) {
    return epochs.stream().flatMapToDouble(Epoch::differences).max().orElse(0);
  }

  double djlAccuracy() {
    return epochs.get(epochs.size() - 1).djl().accuracy();
  }

  double sameDiffAccuracy() {
    return epochs.get(epochs.size() - 1).sameDiff().accuracy();
  }
}
