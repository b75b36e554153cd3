package org.stableops.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Who takes turns, and what comes of it. */
class RaceTest {
  /** Counts its steps. */
  private static final class Counter implements Loop {
    private int steps;
    private boolean isClosed;

    @Override
    public void step(Laps laps) {
      laps.begin();
      laps.end(Phase.FORWARD);
      laps.end();
      steps++;
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  private final Counter first = new Counter();
  private final Counter second = new Counter();

  private Race race() {
    Map<String, Supplier<Loop>> loops = new LinkedHashMap<>();
    loops.put("first", () -> first);
    loops.put("second", () -> second);
    return new Race(loops);
  }

  @Test
  void everybodyIsMeasuredHoweverShortTheTime() {
    try (Race race = race()) {
      Map<String, StepTimes> times = race.measure(0);
      assertEquals(first.steps, times.get("first").steps());
      assertEquals(second.steps, times.get("second").steps());
      assertTrue(first.steps >= 5 && second.steps >= 5);
    }
    assertTrue(first.isClosed && second.isClosed);
  }

  @Test
  void stepsOfTheWarmUpAreForgotten() {
    try (Race race = race()) {
      race.warmUp(0);
      int before = first.steps;
      assertTrue(before > 0);
      int counted = race.measure(0).get("first").steps();
      assertEquals(first.steps - before, counted);
    }
  }

  @Test
  void mediansAreOfTheStepsAlone() {
    Laps laps = new Laps();
    for (int step = 0; step < 1000; step++) {
      laps.begin();
      laps.end(Phase.FORWARD);
      laps.end(Phase.BACKWARD);
      laps.move(1_000_000_000, Phase.LOSS, Phase.BACKWARD);
      laps.end();
    }
    StepTimes times = laps.medians(0.5);
    assertEquals(1000, times.steps());
    assertEquals(0.5, times.others());
    assertEquals(1e9, times.phases().get(Phase.LOSS));
    assertTrue(times.phases().get(Phase.BACKWARD) < 0);
    assertEquals(0, times.phases().get(Phase.STEP));
    laps.clear();
    assertEquals(0, laps.medians(0).steps());
  }

  @Test
  void whatIsSentToAnotherJvmComesBack() {
    Map<String, StepTimes> times = new LinkedHashMap<>();
    times.put("relu, all stock", StepTimes.of(12, 3.5));
    times.put("ours", new StepTimes(7, 0.25, 1e9, new Laps().medians(0).phases()));
    assertEquals(times, StepTimes.parseAll(StepTimes.textOf(times)));
  }

  @Test
  void aStepWithoutPhasesHasNone() {
    assertFalse(StepTimes.of(1, 2).hasPhases());
  }
}
