package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Calls of ours and of the host's, in turn in one JVM, as rows of a table. */
final class Pairs {
  private static final double WARM_UP_SECONDS = 10;
  private static final double SECONDS = 6;
  private static final String OURS = Courses.OURS;
  private static final String HOSTS = Courses.HOSTS;

  private final String title;
  private final Map<String, Map<String, Supplier<Loop>>> rows = new LinkedHashMap<>();

  Pairs(String title) {
    this.title = title;
  }

  void add(String row, Runnable ours, Runnable hosts) {
    Map<String, Supplier<Loop>> loops = new LinkedHashMap<>();
    loops.put(OURS, () -> loop(ours));
    loops.put(HOSTS, () -> loop(hosts));
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
    System.out.printf("| %s | ours | the host's | host's / ours |%n", title);
    System.out.println("| --- | --- | --- | --- |");
    rows.forEach(
        (row, loops) -> {
          if (pattern.matcher(row).find()) {
            print(row, loops);
          }
        });
  }

  private static void print(String row, Map<String, Supplier<Loop>> loops) {
    try (Race race = new Race(loops)) {
      race.warmUp(WARM_UP_SECONDS);
      Map<String, StepTimes> times = race.measure(SECONDS);
      double ours = times.get(OURS).whole();
      double hosts = times.get(HOSTS).whole();
      System.out.printf(
          "| %s | %,.0f µs | %,.0f µs | %.2f |%n", row, ours / 1e3, hosts / 1e3, hosts / ours);
    }
  }
}
