package org.stableops.benchmarks;

import java.util.List;

/**
 * The main class of a JVM that measures courses of one host, whose loops share it: ours and the
 * peer's must meet the same compilers, the same heap and the same threads.
 */
final class RaceSession {
  /** Whose first call comes before any measurement: the less a step does, the more it depends. */
  private static final double WARM_UP_SECONDS = 0.5;

  private static final double MOST_WARM_UP_SECONDS = 12;

  private RaceSession() {}

  /** Takes by what the time is multiplied, and the courses on standard input. */
  public static void main(String[] arguments) {
    int factor = Integer.parseInt(arguments[0]);
    Messages messages = new Messages();
    List<Course> courses = Messages.given().stream().map(Courses::of).toList();
    for (Course course : courses) {
      try (Race race = course.start()) {
        race.warmUp(WARM_UP_SECONDS, MOST_WARM_UP_SECONDS);
        messages.send(StepTimes.textOf(race.measure(factor * course.seconds())));
      }
    }
    // ND4J's threads do not let go.
    System.exit(0);
  }
}
