package org.stableops.benchmarks;

import java.util.OptionalDouble;

/**
 * Ours beside a peer on the same course.
 *
 * @param course of both
 * @param ours the name of ours there
 * @param peer the name of what it is measured by
 * @param plain the least ratio that DESIGN.md asks for in the plain JVM; NaN for none
 * @param flag the least with the Vector API; NaN for none
 */
record Duel(Course course, String ours, String peer, double plain, double flag) {
  double floor(JvmMode mode) {
    return mode == JvmMode.PLAIN ? plain : flag;
  }

  /** "met" or "missed", or nothing where there is no floor. */
  String verdict(double ratio, JvmMode mode) {
    if (Double.isNaN(floor(mode))) {
      return "";
    }
    return ratio >= floor(mode) ? "met" : "missed";
  }

  /** The time of the peer divided by ours. */
  OptionalDouble ratio(Outcomes outcomes, JvmMode mode) {
    Conditions conditions = new Conditions(mode, Bars.THREADS);
    return outcomes
        .of(course, ours, conditions)
        .flatMap(
            time ->
                outcomes.of(course, peer, conditions).map(other -> other.whole() / time.whole()))
        .map(OptionalDouble::of)
        .orElse(OptionalDouble.empty());
  }
}
