package org.stableops.integration.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/**
 * The error of a function in float32 along x.
 *
 * @param name whose
 * @param x arguments
 * @param ulps errors, kept between {@link #LEAST} and {@link #MOST}
 */
record ErrorCurve(String name, double[] x, double[] ulps) {
  /** An exact result has no place on a log scale. */
  static final double LEAST = 0.01;

  /** Nor has an infinite or a NaN one. */
  static final double MOST = 1e8;

  /** Ours and the naive formula on each host, with the default parameter. */
  static List<ErrorCurve> of(ElementwiseFunction function, double[] arguments) {
    double parameter = function.parameters()[0];
    double[] x = DoubleStream.of(arguments).map(Format.FLOAT32::round).toArray();
    Exact[] exact =
        DoubleStream.of(x)
            .parallel()
            .mapToObj(argument -> function.value(argument, parameter))
            .toArray(Exact[]::new);
    List<ErrorCurve> curves = new ArrayList<>();
    for (NaiveFormula naive : NaiveFormula.values()) {
      String name = "naive formula, " + naive.name();
      curves.add(new ErrorCurve(name, x, ulps(naive.compute(function, x), exact)));
    }
    for (Host host : Host.ALL) {
      double[] ours = host.value(function, x, parameter, Format.FLOAT32);
      curves.add(new ErrorCurve("stable-ops, " + host.name(), x, ulps(ours, exact)));
    }
    return curves;
  }

  /**
   * The cross-entropy of logits (x, 0, 0) with label 0: from a row that is almost certainly wrong
   * to one that is almost certainly right. The frameworks' own losses and ours.
   */
  static List<ErrorCurve> ofCrossEntropy(double[] arguments) {
    double[] x = DoubleStream.of(arguments).map(Format.FLOAT32::round).toArray();
    double[] logits = DoubleStream.of(x).flatMap(gap -> DoubleStream.of(gap, 0, 0)).toArray();
    CrossEntropyOptions rows = CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);
    CrossEntropyCase problem = CrossEntropyCase.sparse(logits, 3, new long[x.length], rows);
    Exact[] exact = problem.solve().losses();
    float[][] narrow = new float[x.length][];
    Arrays.setAll(narrow, i -> new float[] {(float) x[i], 0, 0});
    List<ErrorCurve> curves = new ArrayList<>();
    for (StockLoss stock : StockLoss.values()) {
      String name = stock.name() + "'s own loss";
      curves.add(new ErrorCurve(name, x, ulps(stock.compute(narrow), exact)));
    }
    for (Host host : Host.ALL) {
      double[] ours = host.crossEntropy(problem, Format.FLOAT32).loss();
      curves.add(new ErrorCurve("stable-ops, " + host.name(), x, ulps(ours, exact)));
    }
    return curves;
  }

  private static double[] ulps(double[] actual, Exact[] exact) {
    return IntStream.range(0, actual.length)
        .mapToDouble(i -> Format.FLOAT32.ulps(actual[i], exact[i]))
        .map(error -> Math.min(Math.max(error, LEAST), MOST))
        .toArray();
  }

  static double[] logarithmic(double from, double to, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> from * Math.pow(to / from, i / (count - 1.0)))
        .toArray();
  }

  static double[] linear(double from, double to, int count) {
    return IntStream.range(0, count)
        .mapToDouble(i -> from + (to - from) * i / (count - 1.0))
        .toArray();
  }
}
