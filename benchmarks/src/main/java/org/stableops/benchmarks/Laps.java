package org.stableops.benchmarks;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** What each phase of each step took. */
final class Laps {
  private final Map<Phase, double[]> nanoseconds = new EnumMap<>(Phase.class);
  private double[] whole = new double[64];
  private int steps;
  private long begin;
  private long last;

  Laps() {
    for (Phase phase : Phase.values()) {
      nanoseconds.put(phase, new double[whole.length]);
    }
  }

  /** Begins a step. */
  void begin() {
    if (steps == whole.length) {
      whole = Arrays.copyOf(whole, 2 * steps);
      nanoseconds.replaceAll((phase, times) -> Arrays.copyOf(times, whole.length));
    }
    begin = System.nanoTime();
    last = begin;
  }

  /** Ends a phase, where the next begins. */
  void end(Phase phase) {
    long now = System.nanoTime();
    nanoseconds.get(phase)[steps] = now - last;
    last = now;
  }

  /** Moves time to a phase from the one that ended last, which it was a part of. */
  void move(long time, Phase to, Phase from) {
    nanoseconds.get(to)[steps] += time;
    nanoseconds.get(from)[steps] -= time;
  }

  /** Ends the step. */
  void end() {
    whole[steps] = System.nanoTime() - begin;
    steps++;
  }

  /** Forgets all steps. */
  void clear() {
    steps = 0;
    nanoseconds.values().forEach(times -> Arrays.fill(times, 0));
  }

  /** The medians over all steps, during which others used so many processors. */
  StepTimes medians(double others) {
    Map<Phase, Double> phases = new EnumMap<>(Phase.class);
    nanoseconds.forEach((phase, times) -> phases.put(phase, median(times)));
    return new StepTimes(steps, others, median(whole), phases);
  }

  private double median(double[] times) {
    double[] sorted = Arrays.copyOf(times, steps);
    Arrays.sort(sorted);
    return steps == 0 ? Double.NaN : (sorted[(steps - 1) / 2] + sorted[steps / 2]) / 2;
  }
}
