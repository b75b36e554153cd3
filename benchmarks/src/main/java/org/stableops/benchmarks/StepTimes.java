package org.stableops.benchmarks;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a step takes, in medians of nanoseconds. Those of the phases do not add up to that of the
 * whole.
 *
 * @param steps of which the medians are
 * @param others processors that other programs used meanwhile; NaN if unknown
 * @param whole of a whole step
 * @param phases of its parts; 0 for those that it does not have
 */
record StepTimes(int steps, double others, double whole, Map<Phase, Double> phases) {
  /** A step without phases. */
  static StepTimes of(int steps, double whole) {
    return new StepTimes(
        steps,
        0,
        whole,
        Stream.of(Phase.values()).collect(Collectors.toMap(phase -> phase, phase -> 0.0)));
  }

  /** What toString gives. */
  static StepTimes parse(String text) {
    List<Double> numbers = Arrays.stream(text.split(" ")).map(Double::valueOf).toList();
    Map<Phase, Double> phases = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      phases.put(phase, numbers.get(3 + phase.ordinal()));
    }
    return new StepTimes(numbers.get(0).intValue(), numbers.get(1), numbers.get(2), phases);
  }

  /** What textOf gives. */
  static Map<String, StepTimes> parseAll(String text) {
    Map<String, StepTimes> all = new LinkedHashMap<>();
    for (String part : text.split(";")) {
      int equals = part.indexOf('=');
      all.put(part.substring(0, equals), parse(part.substring(equals + 1)));
    }
    return all;
  }

  /** A course's loops with their times, in a line. */
  static String textOf(Map<String, StepTimes> all) {
    return all.entrySet().stream().map(Object::toString).collect(Collectors.joining(";"));
  }

  boolean hasPhases() {
    return phases.values().stream().anyMatch(time -> time > 0);
  }

  @Override
  public String toString() {
    return Stream.concat(
            Stream.of((double) steps, others, whole), Stream.of(Phase.values()).map(phases::get))
        .map(Object::toString)
        .collect(Collectors.joining(" "));
  }
}
