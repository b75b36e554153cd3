package org.stableops.integration.newton;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.stableops.integration.newton.NewtonHost.Rule;

/**
 * Three ways to a minimum, each with all its points, the start first.
 *
 * @param minimum where it is
 * @param descent gradient descent
 * @param adam Adam
 * @param newton Newton's method
 */
record Ways(double[] minimum, List<double[]> descent, List<double[]> adam, List<double[]> newton) {
  private static final int STEPS = 500;
  private static final List<Integer> PRINTED = List.of(5, 30, 100, 300, STEPS);

  /** Of 0.03, 0.1 and 0.3, the one that comes closest in so many steps. */
  private static final float ADAM_RATE = 0.1f;

  static Ways of(
      NewtonHost host,
      Function<double[], Local> function,
      double[] start,
      double[] minimum,
      float descentRate) {
    return new Ways(
        minimum,
        host.descend(Rule.GRADIENT_DESCENT, descentRate, function, start, STEPS),
        host.descend(Rule.ADAM, ADAM_RATE, function, start, STEPS),
        Newton.minimize(function, start).points());
  }

  /** The largest errors after some steps. */
  SortedMap<Integer, Double> errors(List<double[]> way) {
    return PRINTED.stream()
        .filter(step -> step < way.size())
        .collect(
            Collectors.toMap(
                step -> step,
                step -> Matrices.distance(way.get(step), minimum),
                Double::sum,
                TreeMap::new));
  }
}
