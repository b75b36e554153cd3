package org.stableops.benchmarks;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
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

  /** Of the time, for the compilers, below which they disturb nobody. */
  private static final double IDLE = 0.05;

  private static final CompilationMXBean COMPILERS = ManagementFactory.getCompilationMXBean();

  private record Runner(Loop loop, Laps laps) {}

  private final Map<String, Runner> runners = new LinkedHashMap<>();
  private final List<Runner> order;
  private final Random random = new Random(1);

  Race(Map<String, Supplier<Loop>> loops) {
    loops.forEach((who, loop) -> runners.put(who, new Runner(loop.get(), new Laps())));
    order = new ArrayList<>(runners.values());
  }

  /**
   * Runs until the compilers have become idle, and forgets what it took. A host's own threads and
   * one that compiles are more than two cores can run, and each waits for the others.
   *
   * @param slice seconds, after each of which the compilers are asked
   * @param most seconds in all
   */
  void warmUp(double slice, double most) {
    long end = System.nanoTime() + nanoseconds(most);
    double compiled;
    do {
      long before = COMPILERS.getTotalCompilationTime();
      long begin = System.nanoTime();
      run(slice, 1);
      compiled =
          1e6 * (COMPILERS.getTotalCompilationTime() - before) / (System.nanoTime() - begin);
    } while (compiled > IDLE && System.nanoTime() < end);
    runners.values().forEach(runner -> runner.laps.clear());
  }

  /** Runs for so many seconds, and a few rounds at least. */
  Map<String, StepTimes> measure(double seconds) {
    run(seconds, LEAST_ROUNDS);
    Map<String, StepTimes> times = new LinkedHashMap<>();
    runners.forEach((who, runner) -> times.put(who, runner.laps.medians()));
    return times;
  }

  private void run(double seconds, int leastRounds) {
    long end = System.nanoTime() + nanoseconds(seconds);
    for (int round = 0; round < leastRounds || System.nanoTime() < end; round++) {
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

  private static long nanoseconds(double seconds) {
    return (long) (seconds * 1e9);
  }

  @Override
  public void close() {
    runners.values().forEach(runner -> runner.loop.close());
  }
}
