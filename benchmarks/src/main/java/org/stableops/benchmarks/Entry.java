package org.stableops.benchmarks;

import java.util.List;
import java.util.function.Function;

/**
 * A contestant that can be had in several sizes.
 *
 * @param <P> what it needs of a problem
 * @param problem what is to be computed
 * @param work the value of it, or its gradient
 * @param host "DJL" or "ND4J"
 * @param name "ours", or what it is
 * @param tolerance of the check before the measurement
 * @param sizes those in which it makes sense
 * @param start allocates inputs in the host
 */
record Entry<P extends Problem>(
    Problem.Kind<P> problem,
    Work work,
    String host,
    String name,
    double tolerance,
    List<Size> sizes,
    Function<P, Contestant> start) {
  /** The name of what this project offers. */
  static final String OURS = "ours";

  /** The textbook's formula by the host's primitives. */
  static final String NAIVE = "naive";

  /** A few roundings of float32; conformance to the error bars is tested elsewhere. */
  private static final double OURS_TOLERANCE = 1e-6;

  /** Cancellation in textbook formulas, and long sums in float32. */
  private static final double PEERS_TOLERANCE = 1e-4;

  static <P extends Problem> Entry<P> of(
      Problem.Kind<P> problem, Work work, String host, String name, Function<P, Contestant> start) {
    boolean isExact = name.startsWith(OURS) && work != Work.STEP;
    double tolerance = isExact ? OURS_TOLERANCE : PEERS_TOLERANCE;
    return new Entry<>(problem, work, host, name, tolerance, problem.sizes(), start);
  }

  static String id(Problem.Kind<?> problem, Work work, String host, String name) {
    return String.join("/", problem.toString(), work.toString(), host, name);
  }

  String id() {
    return id(problem, work, host, name);
  }

  /** Allocates everything, and fails if the numbers are wrong. */
  Contestant start(Size size, long seed) {
    P instance = problem.create(size, seed);
    Contestant contestant = start.apply(instance);
    instance.expected(work).check(id() + " " + size, contestant.numbers(), tolerance);
    return contestant;
  }
}
