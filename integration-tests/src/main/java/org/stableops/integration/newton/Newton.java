package org.stableops.integration.newton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Newton's method for the minimum of a function. */
public final class Newton {
  /** After a step as small as this the error is about its square. */
  private static final double LAST_STEP = 1e-8;

  /** By how much rounding may raise a value. */
  private static final double ROUNDING = 1e-12;

  private static final int MOST_STEPS = 60;

  private Newton() {}

  /**
   * Goes where the gradient is 0; half as far where the function would rise.
   *
   * @param function any with a positive definite Hessian on the way
   * @param start where to begin
   * @return all its steps
   * @throws IllegalStateException if the Hessian is not positive definite, or after 60 steps
   */
  public static Fit minimize(Function<double[], Local> function, double... start) {
    List<double[]> points = new ArrayList<>(List.of(start));
    double[] from = start;
    Local local = function.apply(from);
    double[] step = local.step();
    double share = 1;
    while (points.size() <= MOST_STEPS) {
      double[] to = along(from, share, step);
      points.add(to);
      if (share == 1 && Arrays.stream(step).allMatch(x -> Math.abs(x) < LAST_STEP)) {
        return new Fit(points, local);
      }
      Local next = function.apply(to);
      if (next.value() <= local.value() + ROUNDING * Math.abs(local.value())) {
        from = to;
        local = next;
        step = local.step();
        share = 1;
      } else {
        share /= 2;
      }
    }
    throw new IllegalStateException("no minimum after %d steps".formatted(MOST_STEPS));
  }

  static double[] along(double[] from, double share, double[] step) {
    double[] to = new double[from.length];
    Arrays.setAll(to, i -> from[i] + share * step[i]);
    return to;
  }
}
