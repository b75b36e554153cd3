package org.stableops.integration.oracle;

import java.util.SplittableRandom;

/** Arguments at which an operator is measured: the full exponent range and every branch point. */
public final class Points {
  private Points() {}

  /**
   * Draws arguments, always the same.
   *
   * @param function the operator, which knows its domain and its branch points
   * @param parameter β or b
   * @param format the type of the arguments
   * @param count how many
   * @return finite numbers of the format inside the domain
   */
  public static double[] of(
      ElementwiseFunction function, double parameter, Format format, int count) {
    return of(function, parameter, format, count, new SplittableRandom(20261121));
  }

  /**
   * Draws arguments.
   *
   * @param function the operator, which knows its domain and its branch points
   * @param parameter β or b
   * @param format the type of the arguments
   * @param count how many
   * @param random what draws them
   * @return finite numbers of the format inside the domain
   */
  public static double[] of(
      ElementwiseFunction function,
      double parameter,
      Format format,
      int count,
      SplittableRandom random) {
    double[] branchPoints = function.branchPoints(parameter);
    double[] points = new double[count];
    for (int i = 0; i < count; ) {
      double x =
          switch (random.nextInt(4)) {
            case 0 -> anyExponent(format, random);
            case 1 -> moderate(function, parameter, random);
            default -> near(branchPoints[random.nextInt(branchPoints.length)], format, random);
          };
      double rounded = format.round(function.hasPositiveDomain() ? Math.abs(x) : x);
      if (Double.isFinite(rounded) && !(function.hasPositiveDomain() && rounded == 0)) {
        points[i++] = rounded;
      }
    }
    return points;
  }

  private static double anyExponent(Format format, SplittableRandom random) {
    double from = Math.log(format.min());
    double to = Math.log(format.max());
    return sign(random) * Math.exp(from + (to - from) * random.nextDouble());
  }

  private static double moderate(
      ElementwiseFunction function, double parameter, SplittableRandom random) {
    double unit = function.isOfBeta() ? 1 / parameter : Math.sqrt(parameter);
    double p =
        random.nextInt(8) == 0 ? -1600 * random.nextDouble() : 110 * random.nextDouble() - 60;
    return unit * p;
  }

  /** Within some ulps of a point, or within a small relative distance. */
  private static double near(double point, Format format, SplittableRandom random) {
    if (random.nextBoolean()) {
      return point + (random.nextInt(41) - 20) * format.ulp(format.round(point));
    }
    double relative = Math.exp(-random.nextDouble() * 30);
    return point + sign(random) * relative * Math.max(Math.abs(point), 1e-3);
  }

  private static double sign(SplittableRandom random) {
    return random.nextBoolean() ? 1 : -1;
  }
}
