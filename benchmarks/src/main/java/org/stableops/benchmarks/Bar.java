package org.stableops.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * A line of DESIGN.md's table: what is promised.
 *
 * @param work what ours does
 * @param against the peer
 * @param measure of which the bar is
 * @param plain the bar in the plain JVM; NaN for none
 * @param flag the bar with the Vector API; NaN for none
 * @param comparisons all of which must hold
 */
record Bar(
    String work,
    String against,
    Measure measure,
    double plain,
    double flag,
    List<Comparison> comparisons) {

  /** What is compared with the bar. */
  enum Measure {
    /** The time of the peer divided by ours, the more the better. */
    SPEEDUP {
      @Override
      OptionalDouble of(Comparison comparison, Results results, Conditions conditions) {
        return comparison.speedup(results, conditions);
      }
    },
    /** Our time divided by the peer's, the less the better. */
    TIME_IN_PEERS {
      @Override
      OptionalDouble of(Comparison comparison, Results results, Conditions conditions) {
        return comparison.timeInPeers(results, conditions);
      }
    },
    /** Our native memory divided by the logits' size, the less the better. */
    NATIVE_PEAK {
      @Override
      OptionalDouble of(Comparison comparison, Results results, Conditions conditions) {
        return comparison.nativePeak(results, conditions);
      }
    };

    abstract OptionalDouble of(Comparison comparison, Results results, Conditions conditions);

    boolean isMet(double measured, double bar) {
      return this == SPEEDUP ? measured >= bar : measured <= bar;
    }

    /** The worst first. */
    private Comparator<Measured> order() {
      Comparator<Measured> ascending = Comparator.comparingDouble(Measured::value);
      return this == SPEEDUP ? ascending : ascending.reversed();
    }
  }

  /**
   * A comparison and its outcome.
   *
   * @param comparison ours beside what
   * @param value the outcome
   */
  record Measured(Comparison comparison, double value) {}

  /** The bar in a JVM; NaN for none. */
  double of(JvmMode mode) {
    return mode == JvmMode.PLAIN ? plain : flag;
  }

  /** "met" or "missed", or nothing where there is no bar. */
  String verdict(double measured, JvmMode mode) {
    if (Double.isNaN(of(mode))) {
      return "";
    }
    return measure.isMet(measured, of(mode)) ? "met" : "missed";
  }

  /** Those of its comparisons that have been measured. */
  Stream<Measured> measured(Results results, Conditions conditions) {
    return comparisons.stream()
        .flatMap(
            comparison ->
                measure.of(comparison, results, conditions).stream()
                    .mapToObj(value -> new Measured(comparison, value)));
  }

  /** The one that decides. */
  Optional<Measured> worst(Results results, Conditions conditions) {
    return measured(results, conditions).min(measure.order());
  }
}
