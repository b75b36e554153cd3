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
import org.stableops.integration.Effort;

/**
 * The loop of a fuzz test: cases, each drawn from a seed and its number alone.
 *
 * <p>By default always the same ones, about twelve seconds for all tests together, and 60 if
 * thorough. {@code -Dstableops.fuzz.seconds=900 -Dstableops.fuzz.seed=7} draws others until the
 * time is over; {@code -Dstableops.fuzz.case=123} runs one case only, as the message of a failure
 * says.
 */
final class Fuzz {
  private static final String SECONDS = System.getProperty("stableops.fuzz.seconds");
  private static final long SEED = Long.getLong("stableops.fuzz.seed", 20261127);
  private static final Long ONLY = Long.getLong("stableops.fuzz.case");

  private static final int MOST_FAILURES = 10;

  private final String test;
  private final List<Throwable> failures = new ArrayList<>();

  private Fuzz(Class<?> test) {
    this.test = test.getSimpleName();
  }

  /**
   * Runs cases: so many, or where a time is given for a share of it.
   *
   * @param test whose cases they are
   * @param count how many if thorough
   * @param share of the time of all fuzz tests
   * @param oneCase draws a case, describes it and checks it
   */
  static void run(Class<?> test, long count, double share, Consumer<Draw> oneCase) {
    Fuzz fuzz = new Fuzz(test);
    if (ONLY != null) {
      fuzz.run(ONLY, oneCase);
      fuzz.end();
      return;
    }
    // The first case loads the hosts, which is not to be counted.
    fuzz.run(0, oneCase);
    long start = System.nanoTime();
    double nanos = SECONDS == null ? 0 : 1e9 * Double.parseDouble(SECONDS) * share;
    long most = Effort.of((int) count / 5, (int) count);
    long cases = 1;
    while ((SECONDS == null ? cases < most : System.nanoTime() - start < nanos)
        && fuzz.failures.size() < MOST_FAILURES) {
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
