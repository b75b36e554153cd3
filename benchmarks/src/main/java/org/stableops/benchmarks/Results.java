package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What has been measured so far. */
final class Results {
  private record Key(Task task, Conditions conditions) {}

  /**
   * A line of the results.
   *
   * @param task what was measured
   * @param conditions under which
   * @param cost of a call
   */
  record Measurement(Task task, Conditions conditions, Cost cost) {}

  private final Map<Key, Cost> costs = new LinkedHashMap<>();

  void put(Task task, Conditions conditions, Cost cost) {
    costs.merge(new Key(task, conditions), cost, Results::both);
  }

  /** Time and memory are measured apart. */
  private static Cost both(Cost first, Cost second) {
    return Double.isNaN(second.nativePeak())
        ? new Cost(second.nanoseconds(), second.error(), second.heapBytes(), first.nativePeak())
        : new Cost(first.nanoseconds(), first.error(), first.heapBytes(), second.nativePeak());
  }

  OptionalDouble nanoseconds(Task task, Conditions conditions) {
    Cost cost = costs.get(new Key(task, conditions));
    return cost == null ? OptionalDouble.empty() : known(cost.nanoseconds());
  }

  OptionalDouble nativePeak(Task task, Conditions conditions) {
    Cost cost = costs.get(new Key(task, conditions));
    return cost == null ? OptionalDouble.empty() : known(cost.nativePeak());
  }

  private static OptionalDouble known(double number) {
    return Double.isNaN(number) ? OptionalDouble.empty() : OptionalDouble.of(number);
  }

  List<Measurement> all() {
    return costs.entrySet().stream()
        .map(e -> new Measurement(e.getKey().task(), e.getKey().conditions(), e.getValue()))
        .toList();
  }
}
