package org.stableops.djl.internal;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Weighted averages by name, which a Loss or an Evaluator keeps from batch to batch. DJL's own sum
 * up in float32, and by a call that float64 arrays refuse.
 */
public final class Averages {
  private record Sum(double sum, double weight) {
    Sum plus(Sum other) {
      return new Sum(sum + other.sum, weight + other.weight);
    }
  }

  private static final Sum NOTHING = new Sum(0, 0);

  private final String kind;
  private final Map<String, Sum> sums = new ConcurrentHashMap<>();

  /**
   * Creates averages without a name yet.
   *
   * @param kind what is averaged, for messages
   */
  public Averages(String kind) {
    this.kind = kind;
  }

  /**
   * Begins an average, or begins it again.
   *
   * @param name any
   */
  public void add(String name) {
    sums.put(name, NOTHING);
  }

  /**
   * Adds numbers to averages.
   *
   * @param names of averages, which begin here if they have not yet
   * @param sum of numbers times their weights
   * @param weight of the numbers
   */
  public void update(String[] names, double sum, double weight) {
    for (String name : names) {
      sums.merge(name, new Sum(sum, weight), Sum::plus);
    }
  }

  /**
   * Begins an average again.
   *
   * @param name of an average; if there is none, nothing happens
   */
  public void reset(String name) {
    sums.computeIfPresent(name, (key, sum) -> NOTHING);
  }

  /**
   * Returns an average.
   *
   * @param name of an average
   * @return the sum by the weight, NaN where there is no weight
   * @throws IllegalArgumentException if there is no average of that name
   */
  public float get(String name) {
    Sum sum = sums.get(name);
    if (sum == null) {
      throw new IllegalArgumentException("no %s accumulator has the name %s".formatted(kind, name));
    }
    return sum.weight == 0 ? Float.NaN : (float) (sum.sum / sum.weight);
  }
}
