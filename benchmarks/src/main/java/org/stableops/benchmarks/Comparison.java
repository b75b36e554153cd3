package org.stableops.benchmarks;

import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * Ours beside something.
 *
 * @param ours what this project offers
 * @param peer what it is measured by; null where that is the size of the logits
 */
record Comparison(Task ours, Task peer) {
  Stream<Task> tasks() {
    return Stream.of(ours, peer).filter(task -> task != null && task.isKnown());
  }

  /** How many times faster ours is. */
  OptionalDouble speedup(Results results, Conditions conditions) {
    OptionalDouble time = timeInPeers(results, conditions);
    return time.isEmpty() ? time : OptionalDouble.of(1 / time.getAsDouble());
  }

  /** How many times as long ours takes. */
  OptionalDouble timeInPeers(Results results, Conditions conditions) {
    OptionalDouble time = results.nanoseconds(ours, conditions);
    OptionalDouble unit = results.nanoseconds(peer, conditions);
    return time.isEmpty() || unit.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(time.getAsDouble() / unit.getAsDouble());
  }

  /** How many arrays of the logits ours needs at most. */
  OptionalDouble nativePeak(Results results, Conditions conditions) {
    return results.nativePeak(ours, conditions);
  }
}
