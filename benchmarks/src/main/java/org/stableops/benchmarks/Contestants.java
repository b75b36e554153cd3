package org.stableops.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/** Everybody who competes. */
final class Contestants {
  static final List<Entry<?>> ALL =
      Stream.of(
              DjlElementwise.entries(),
              DjlLosses.entries(),
              Nd4jElementwise.entries(),
              Dl4jLosses.entries())
          .<Entry<?>>flatMap(List::stream)
          .toList();

  private Contestants() {}

  static Entry<?> of(String id) {
    return ALL.stream()
        .filter(entry -> entry.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no contestant " + id));
  }
}
