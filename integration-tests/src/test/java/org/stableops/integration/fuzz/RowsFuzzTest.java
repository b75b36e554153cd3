package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.integration.Tolerance;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.SoftmaxRow;
import org.stableops.internal.SoftmaxShape;

/** Log-sum-exp and log-softmax along any axis, rows with special elements among others. */
@Tag("thorough")
class RowsFuzzTest {
  @Test
  void areRightInEveryLayout() {
    Fuzz.run(RowsFuzzTest.class, 160, 0.1, draw -> new Problem(draw).everywhere());
  }

  /** An array, an axis and a gradient from above. */
  private static final class Problem {
    private static final double INF = Double.POSITIVE_INFINITY;

    /** Beyond, a row is long to solve; it is compared with that of a plain array only. */
    private static final int MOST_ELEMENTS = 64;

    private final Format format;
    private final int axis;
    private final SoftmaxShape shape;
    private final Layout layout;
    private final Layout uLayout;
    private final double[] x;
    private final double[] upstream;

    Problem(Draw draw) {
      format = draw.of(Format.class);
      long[] sizes = shape(draw);
      axis = draw.between(-sizes.length, sizes.length);
      shape = SoftmaxShape.of("x", sizes, axis);
      layout = draw.layout(sizes, true);
      uLayout = draw.layout(sizes, true);
      double[] drawn = new double[Draw.size(sizes)];
      double spread = Math.exp(draw.uniform(-2, 5));
      double offset = draw.rarely(3) ? draw.uniform(-1000, 1000) : 0;
      Arrays.setAll(drawn, i -> element(draw, offset, spread));
      x = layout.tied(drawn);
      double[] ordinary = new double[x.length];
      Arrays.setAll(ordinary, i -> format.round(draw.uniform(-2, 2)));
      upstream = uLayout.tied(ordinary);
      draw.note("dtype", format);
      draw.note("shape", sizes);
      draw.note("axis", axis);
      draw.note("x", layout);
      draw.note("upstream", uLayout);
      draw.note("elements", x);
      draw.note("upstreams", upstream);
    }

    /** Of rank 1 at least, and without rows of nothing. */
    private static long[] shape(Draw draw) {
      long[] sizes;
      do {
        sizes = draw.shape();
      } while (sizes.length == 0 || Arrays.stream(sizes).anyMatch(size -> size == 0));
      return sizes;
    }

    private double element(Draw draw, double offset, double spread) {
      if (draw.rarely(20)) {
        return draw.special(format);
      }
      return format.round(offset + draw.uniform(-spread, spread));
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Rows<A> rows = host.rows();
      ArrayHost.Laid<A> laid = host.laid(layout, x, format);
      ArrayHost.Laid<A> laidU = host.laid(uLayout, upstream, format);
      A logSumExp = rows.logSumExp().apply(laid.view(), axis);
      A softmax = rows.softmax().apply(laid.view(), axis);
      A logSoftmax = rows.logSoftmax().apply(laid.view(), axis);
      A gradient = rows.logSoftmaxGradient().apply(laid.view(), axis, laidU.view());
      host.requireUnchanged(laid, where + " x");
      host.requireUnchanged(laidU, where + " upstream");
      host.requireShape(shape.rowShape(), host.dtype(format), logSumExp, where + " log-sum-exp");
      host.requireLike(laid, softmax, where + " softmax");
      host.requireLike(laid, logSoftmax, where + " log-softmax");
      host.requireLike(laid, gradient, where + " gradient");
      Results actual =
          new Results(
              host.doubles(logSumExp),
              host.doubles(softmax),
              host.doubles(logSoftmax),
              host.doubles(gradient));

      A plain = host.plain(layout.shape(), x, format);
      A plainU = host.plain(layout.shape(), upstream, format);
      A gradientOfPlain = rows.logSoftmaxGradient().apply(plain, axis, plainU);
      host.requireSame(rows.logSumExp().apply(plain, axis), actual.logSumExp, path, where + " lse");
      host.requireSame(rows.softmax().apply(plain, axis), actual.softmax, path, where + " softmax");
      host.requireSame(rows.logSoftmax().apply(plain, axis), actual.logSoftmax, path, where);
      host.requireSame(gradientOfPlain, actual.gradient, path, where + " gradient");
      if (x.length <= MOST_ELEMENTS) {
        for (int row = 0; row < shape.rows(); row++) {
          checkRow(row, actual, where + " row " + row);
        }
      }
      return null;
    }

    private record Results(
        double[] logSumExp, double[] softmax, double[] logSoftmax, double[] gradient) {}

    /** The places of a row's elements. */
    private int[] places(int row) {
      int classes = (int) shape.classes();
      int inner = 1;
      for (int d = shape.axis() + 1; d < layout.shape().length; d++) {
        inner *= (int) layout.shape()[d];
      }
      int[] places = new int[classes];
      for (int c = 0; c < classes; c++) {
        places[c] = (row / inner * classes + c) * inner + row % inner;
      }
      return places;
    }

    private void checkRow(int row, Results actual, String where) {
      int[] places = places(row);
      double[] z = Arrays.stream(places).mapToDouble(i -> x[i]).toArray();
      double[] u = Arrays.stream(places).mapToDouble(i -> upstream[i]).toArray();
      double max = Arrays.stream(z).max().orElseThrow();
      if (Double.isFinite(max)) {
        checkLogSumExp(actual.logSumExp[row], new SoftmaxRow(z).logSumExp(), max, where);
        checkElements(places, z, u, actual, where);
      } else {
        requireSame(max, actual.logSumExp[row], where + " log-sum-exp");
        checkSpecialElements(places, z, u, actual, where);
      }
    }

    /** All NaN, but for the one row of an infinity: it takes all, and the others nothing. */
    private void checkSpecialElements(
        int[] places, double[] z, double[] u, Results actual, String where) {
      boolean hasNan = Arrays.stream(z).anyMatch(Double::isNaN);
      boolean isNan = hasNan || Arrays.stream(z).filter(value -> value == INF).count() != 1;
      for (int c = 0; c < z.length; c++) {
        double p = z[c] == INF ? 1 : 0;
        double log = z[c] == INF ? 0 : -INF;
        double gradient = u[c] - p * Arrays.stream(u).sum();
        int i = places[c];
        requireSame(isNan ? Double.NaN : p, actual.softmax[i], where + " softmax");
        requireSame(isNan ? Double.NaN : log, actual.logSoftmax[i], where + " log-softmax");
        checkGradient(isNan ? Double.NaN : gradient, actual.gradient[i], u, where + " gradient");
      }
    }

    private void checkElements(int[] places, double[] z, double[] u, Results actual, String where) {
      SoftmaxRow exact = new SoftmaxRow(z);
      Exact[] gradients = exact.gradient(u);
      for (int c = 0; c < z.length; c++) {
        int i = places[c];
        double ulps = format.ulps(actual.softmax[i], exact.softmax(c));
        require(ulps <= Tolerance.SOFTMAX.of(format), where + " softmax " + c, ulps);
        if (z[c] == -INF) {
          requireSame(-INF, actual.logSoftmax[i], where + " log-softmax");
        } else {
          double error = format.ulps(actual.logSoftmax[i], exact.logSoftmax(c));
          require(error <= Tolerance.SPARSE_LOSS.of(format), where + " log-softmax " + c, error);
        }
        checkGradient(gradients[c].nearest(), actual.gradient[i], u, where + " gradient " + c);
      }
    }

    /** In ulp, or where max and logarithm cancel, in those of the former. */
    private void checkLogSumExp(double actual, Exact exact, double max, String where) {
      double ulps = format.ulps(actual, exact);
      double distance = Math.abs(actual - exact.nearest()) / format.ulp(max);
      double error = Math.min(ulps, Double.isNaN(distance) ? ulps : distance);
      require(error <= Tolerance.LOG_SUM_EXP.of(format), where + " log-sum-exp", error);
    }

    private void checkGradient(double exact, double actual, double[] u, String where) {
      if (Double.isNaN(exact)) {
        requireSame(exact, actual, where);
        return;
      }
      double unit = format.epsilon() * Arrays.stream(u).map(Math::abs).sum();
      double bar = Tolerance.GRADIENT.of(format) * unit;
      require(Math.abs(actual - exact) <= bar, where + ", exact " + exact, actual);
    }

    private static void requireSame(double expected, double actual, String where) {
      require(
          Double.compare(expected + 0.0, actual + 0.0) == 0, where + " not " + expected, actual);
    }

    private static void require(boolean isRight, String where, double number) {
      assertTrue(isRight, () -> where + ": " + number);
    }
  }
}
