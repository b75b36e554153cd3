package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Loops that are measured in one process in turn, a few steps each, so that what the machine does
 * meanwhile, and what one leaves to the next, meets them all.
 */
final class Race implements AutoCloseable {
  private static final long TURN_NANOSECONDS = 5_000_000;
  private static final int LEAST_ROUNDS = 5;

  private record Runner(Loop loop, Laps laps) {}

  private final String name;
  private final Map<String, Runner> runners = new LinkedHashMap<>();

  Race(String name, Map<String, Supplier<Loop>> loops) {
    this.name = name;
    loops.forEach((who, loop) -> runners.put(who, new Runner(loop.get(), new Laps())));
  }

  String name() {
    return name;
  }

  /** Runs, and forgets what it took. */
  void warmUp(double seconds) {
    measure(seconds);
    runners.values().forEach(runner -> runner.laps.clear());
  }

  /** Runs for so many seconds, and as often as it takes at least. */
  Map<String, Laps> measure(double seconds) {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    for (int round = 0; round < LEAST_ROUNDS || System.nanoTime() < end; round++) {
      for (Runner runner : runners.values()) {
        long endOfTurn = System.nanoTime() + TURN_NANOSECONDS;
        do {
          runner.loop.step(runner.laps);
        } while (System.nanoTime() < endOfTurn);
      }
    }
    Map<String, Laps> laps = new LinkedHashMap<>();
    runners.forEach((who, runner) -> laps.put(who, runner.laps));
    return laps;
  }

  @Override
  public void close() {
    runners.values().forEach(runner -> runner.loop.close());
  }
}
