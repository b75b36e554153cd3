package org.stableops.integration.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.opentest4j.MultipleFailuresError;

/**
 * The loop of a fuzz test: cases, each drawn from a seed and its number alone, until the time is
 * over.
 *
 * <p>By default 40 seconds for all tests together, always from the same seed. {@code
 * -Dstableops.fuzz.seconds=900 -Dstableops.fuzz.seed=7} runs longer and draws others; {@code
 * -Dstableops.fuzz.case=123} runs one case only, as the message of a failure says.
 */
final class Fuzz {
  private static final double SECONDS = doubleProperty("stableops.fuzz.seconds", 40);
  private static final long SEED = Long.getLong("stableops.fuzz.seed", 20261127);
  private static final Long ONLY = Long.getLong("stableops.fuzz.case");

  private static final int MOST_FAILURES = 10;

  private final String test;
  private final List<Throwable> failures = new ArrayList<>();

  private Fuzz(Class<?> test) {
    this.test = test.getSimpleName();
  }

  private static double doubleProperty(String name, double otherwise) {
    return Double.parseDouble(System.getProperty(name, Double.toString(otherwise)));
  }

  /**
   * Runs cases for a share of the time.
   *
   * @param test whose cases they are
   * @param share of the time of all fuzz tests
   * @param oneCase draws a case, describes it and checks it
   */
  static void run(Class<?> test, double share, Consumer<Draw> oneCase) {
    Fuzz fuzz = new Fuzz(test);
    if (ONLY != null) {
      fuzz.run(ONLY, oneCase);
      fuzz.end();
      return;
    }
    // The first case loads the hosts, which is not to be counted.
    fuzz.run(0, oneCase);
    long start = System.nanoTime();
    double nanos = 1e9 * SECONDS * share;
    long cases = 1;
    while (System.nanoTime() - start < nanos && fuzz.failures.size() < MOST_FAILURES) {
      fuzz.run(cases++, oneCase);
    }
    System.out.printf(
        "fuzz: %s, seed %d, %d cases in %.1f s%n",
        fuzz.test, SEED, cases, (System.nanoTime() - start) / 1e9);
    fuzz.end();
  }

  private void end() {
    if (!failures.isEmpty()) {
      throw new MultipleFailuresError(test, failures);
    }
  }

  private void run(long number, Consumer<Draw> oneCase) {
    String again =
        "%s, again by -Dtest=%s -Dstableops.fuzz.seed=%d -Dstableops.fuzz.case=%d"
            .formatted(test, test, SEED, number);
    remember(again);
    Draw draw = new Draw(new SplittableRandom(SEED * 1_000_003 + number).split());
    try {
      oneCase.accept(draw);
    } catch (RuntimeException | AssertionError e) {
      String what = again + "\n" + draw.description() + e.getMessage();
      failures.add(new AssertionError(what, e));
    }
  }

  /** Where to look after natives have taken the JVM with them. */
  private void remember(String again) {
    Path file = Path.of("target", "fuzz", test + ".txt");
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, again);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
