package org.stableops.benchmarks;

import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM that measures by how much the process grows, at its height, in one call:
 * VmHWM, the largest resident set since it was reset, minus VmRSS before the call, for a contestant
 * that has been called before. Linux only.
 *
 * <p>It counts native memory alone. Java's heap has a fixed size and is resident from the start
 * (what is allocated there is in the column of heap bytes), and glibc is told to give freed blocks
 * back at once, so that a result does not hide in a block that an earlier call has left behind:
 * {@link ProcessMemory} has the options and the environment. A step must make logits = x + bias
 * whatever the loss is, so that this array is not counted. The median of several calls counts.
 */
final class MemoryProbe {
  private static final int WARM_UP = 5;

  private MemoryProbe() {}

  /** Takes a task. */
  public static void main(String[] arguments) {
    Task task = Task.parse(arguments[0]);
    Messages messages = new Messages();
    try (Contestant contestant = task.entry().start(task.size(), CallBenchmark.seed())) {
      messages.send(Cost.ofMemory(peak(contestant) / logits(task) - given(task)).toString());
    }
    // ND4J's threads do not let go.
    System.exit(0);
  }

  private static double logits(Task task) {
    return (double) Float.BYTES * task.size().elements() / 1024;
  }

  private static double given(Task task) {
    boolean makesLogits =
        task.entry().problem() == LossProblem.Kind.CROSS_ENTROPY
            && task.entry().work() == Work.STEP;
    return makesLogits ? 1 : 0;
  }

  private static long peak(Contestant contestant) {
    for (int i = 0; i < WARM_UP; i++) {
      contestant.run();
    }
    return ProcessMemory.medianGrowthKiB(contestant::run);
  }
}
