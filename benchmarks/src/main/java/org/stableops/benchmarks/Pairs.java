package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Two calls, mostly of ours and of the host's, in turn in one JVM, as rows of a table. */
final class Pairs {
  private static final double WARM_UP_SECONDS = 10;
  private static final double SECONDS = 6;

  private final String title;
  private final String first;
  private final String second;
  private final Map<String, Map<String, Supplier<Loop>>> rows = new LinkedHashMap<>();

  Pairs(String title) {
    this(title, Courses.OURS, Courses.HOSTS);
  }

  /** Takes the titles of the columns. */
  Pairs(String title, String first, String second) {
    this.title = title;
    this.first = first;
    this.second = second;
  }

  void add(String row, Runnable firsts, Runnable seconds) {
    Map<String, Supplier<Loop>> loops = new LinkedHashMap<>();
    loops.put(first, () -> loop(firsts));
    loops.put(second, () -> loop(seconds));
    rows.put(row, loops);
  }

  private static Loop loop(Runnable call) {
    return new Loop() {
      @Override
      public void step(Laps laps) {
        laps.begin();
        call.run();
        laps.end();
      }

      @Override
      public void close() {
        // The arrays are somebody else's.
      }
    };
  }

  /** Measures the rows in which a regular expression is found. */
  void print(String wanted) {
    Pattern pattern = Pattern.compile(wanted);
    System.out.printf("| %s | %s | %s | %s / %s |%n", title, first, second, second, first);
    System.out.println("| --- | --- | --- | --- |");
    rows.forEach(
        (row, loops) -> {
          if (pattern.matcher(row).find()) {
            print(row, loops);
          }
        });
  }

  private void print(String row, Map<String, Supplier<Loop>> loops) {
    try (Race race = new Race(loops)) {
      race.warmUp(WARM_UP_SECONDS);
      Map<String, StepTimes> times = race.measure(SECONDS);
      double ofFirst = times.get(first).whole() / 1e3;
      double ofSecond = times.get(second).whole() / 1e3;
      System.out.printf(
          "| %s | %,.0f µs | %,.0f µs | %.2f |%n", row, ofFirst, ofSecond, ofSecond / ofFirst);
    }
  }
}
