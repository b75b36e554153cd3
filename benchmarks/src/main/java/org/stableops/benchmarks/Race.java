package org.stableops.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Loops that are measured in one process in turn, a few milliseconds each, so that what the machine
 * does meanwhile, and what one leaves to the next, meets them all.
 */
final class Race implements AutoCloseable {
  private static final long TURN_NANOSECONDS = 5_000_000;
  private static final int LEAST_ROUNDS = 5;

  private record Runner(Loop loop, Laps laps) {}

  private final Map<String, Runner> runners = new LinkedHashMap<>();
  private final List<Runner> order;
  private final Random random = new Random(1);

  Race(Map<String, Supplier<Loop>> loops) {
    loops.forEach((who, loop) -> runners.put(who, new Runner(loop.get(), new Laps())));
    order = new ArrayList<>(runners.values());
  }

  /** Runs for so many seconds, one round at least, and forgets what it took. */
  void warmUp(double seconds) {
    run(seconds, 1);
    runners.values().forEach(runner -> runner.laps.clear());
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  /** Runs for so many seconds, and a few rounds at least. */
  Map<String, StepTimes> measure(double seconds) {
    Neighbours neighbours = new Neighbours();
    run(seconds, LEAST_ROUNDS);
    double others = neighbours.processors();
    Map<String, StepTimes> times = new LinkedHashMap<>();
    runners.forEach((who, runner) -> times.put(who, runner.laps.medians(others)));
    return times;
  }

  private void run(double seconds, int leastRounds) {
    long begin = System.nanoTime();
    for (int round = 0; round < leastRounds || seconds(begin) < seconds; round++) {
      // Nobody always comes behind the same one.
      Collections.shuffle(order, random);
      order.forEach(Race::turn);
    }
  }

  private static void turn(Runner runner) {
    long end = System.nanoTime() + TURN_NANOSECONDS;
    do {
      runner.loop.step(runner.laps);
    } while (System.nanoTime() < end);
  }

  @Override
  public void close() {
    runners.values().forEach(runner -> runner.loop.close());
  }
}
