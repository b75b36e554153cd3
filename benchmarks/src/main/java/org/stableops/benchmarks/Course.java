package org.stableops.benchmarks;

import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Several loops that do the same work inside a program of the host, and are measured in turn.
 *
 * @param kind what the work is: a network's training step, or an operator behind a product
 * @param host in which
 * @param size of the work
 * @param runners the loops by name, which start the host when they are made
 * @param seconds for which they are measured
 * @param jvm in which of the JVMs that are started for each mode
 */
record Course(
    String kind,
    String host,
    String size,
    Map<String, Supplier<Loop>> runners,
    double seconds,
    Jvms jvm) {

  /** Those that measure loops. */
  enum Jvms {
    DJL(Map.of()),
    /** As in a loop that reuses its memory: glibc keeps what is freed, of any size. */
    DJL_WARM_PAGES(
        Map.of(
            "MALLOC_MMAP_THRESHOLD_",
            Integer.toString(256 << 20),
            "MALLOC_TRIM_THRESHOLD_",
            Integer.toString(512 << 20))),
    ND4J(Map.of());

    final Map<String, String> environment;

    Jvms(Map<String, String> environment) {
      this.environment = environment;
    }
  }

  /** Allocates everything, and fails if the numbers of a loop are wrong. */
  Race start() {
    return new Race(runners);
  }

  /** Its loops. */
  Stream<String> names() {
    return runners.keySet().stream().map(runner -> this + "/" + runner);
  }

  @Override
  public String toString() {
    return String.join("/", kind, host, size);
  }
}
