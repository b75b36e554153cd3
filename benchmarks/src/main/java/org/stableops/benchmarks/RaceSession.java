package org.stableops.benchmarks;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;

/**
 * The main class of a JVM that measures courses of one host, whose loops share it: ours and the
 * peer's must meet the same compilers, the same heap and the same threads.
 */
final class RaceSession {
  /** Which are run before any is measured, so that all code is compiled. */
  private static final Set<String> SIZES_OF_WARM_UP =
      Set.of(NetworkShape.ALL.get(0).toString(), "2^9", "2^14", "2^17");

  private static final double SLICE_SECONDS = 0.25;
  private static final double LEAST_SECONDS = 2;
  private static final double MOST_SECONDS = 25;

  /** The part of the time for the compilers below which they disturb nobody. */
  private static final double IDLE = 0.05;

  private static final CompilationMXBean COMPILERS = ManagementFactory.getCompilationMXBean();

  private RaceSession() {}

  /** Takes by what the time is multiplied, and the courses on standard input. */
  public static void main(String[] arguments) {
    int factor = Integer.parseInt(arguments[0]);
    Messages messages = new Messages();
    List<Course> courses = Messages.given().stream().map(Courses::of).toList();
    warmUp(courses);
    for (Course course : courses) {
      long begin = System.nanoTime();
      try (Race race = course.start()) {
        System.err.printf("%s: made and checked in %.1f s%n", course, seconds(begin));
        race.warmUp(SLICE_SECONDS);
        messages.send(StepTimes.textOf(race.measure(factor * course.seconds())));
      }
    }
    // ND4J's threads do not let go.
    System.exit(0);
  }

  private static void warmUp(List<Course> courses) {
    List<Race> races =
        courses.stream()
            .filter(course -> SIZES_OF_WARM_UP.contains(course.size()))
            .map(Course::start)
            .toList();
    long begin = System.nanoTime();
    while (!races.isEmpty() && areCompiling(races) && seconds(begin) < MOST_SECONDS) {}
    races.forEach(Race::close);
    System.err.printf("the compilers were idle after %.1f s%n", seconds(begin));
  }

  /**
   * Runs races for a while. A host's own threads and one that compiles are more than two cores can
   * run, and then each waits for the others.
   */
  private static boolean areCompiling(List<Race> races) {
    long compiled = COMPILERS.getTotalCompilationTime();
    long begin = System.nanoTime();
    // What is being compiled is counted when it is done.
    do {
      races.forEach(race -> race.warmUp(SLICE_SECONDS));
    } while (seconds(begin) < LEAST_SECONDS);
    return (COMPILERS.getTotalCompilationTime() - compiled) / 1e3 > IDLE * seconds(begin);
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }
}
