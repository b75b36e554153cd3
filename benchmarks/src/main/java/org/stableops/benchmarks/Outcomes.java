package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What courses have given so far. */
final class Outcomes {
  private record Key(Course course, String runner, Conditions conditions) {}

  /**
   * A line of them.
   *
   * @param course what was measured
   * @param runner of whom
   * @param conditions under which
   * @param times of a step
   */
  record Outcome(Course course, String runner, Conditions conditions, StepTimes times) {}

  /** A part of a processor. */
  private static final double MUCH = 0.2;

  private final Map<Key, StepTimes> times = new LinkedHashMap<>();

  void put(Course course, String runner, Conditions conditions, StepTimes of) {
    times.put(new Key(course, runner, conditions), of);
  }

  Optional<StepTimes> of(Course course, String runner, Conditions conditions) {
    return Optional.ofNullable(times.get(new Key(course, runner, conditions)));
  }

  /** The courses during which other programs were so busy that their ratios tell little. */
  List<String> disturbed() {
    return all().stream()
        .filter(outcome -> outcome.times().others() > MUCH)
        .map(
            outcome ->
                String.format(
                    Locale.ROOT,
                    "%s, %s JVM (%.1f processors)",
                    outcome.course(),
                    outcome.conditions().mode(),
                    outcome.times().others()))
        .distinct()
        .toList();
  }

  List<Outcome> all() {
    return times.entrySet().stream()
        .map(
            e ->
                new Outcome(
                    e.getKey().course(),
                    e.getKey().runner(),
                    e.getKey().conditions(),
                    e.getValue()))
        .toList();
  }
}
