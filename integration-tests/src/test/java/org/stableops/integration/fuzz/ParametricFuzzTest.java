package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.integration.fuzz.ElementwiseCheck.Result;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/** The elementwise operators whose parameter is an array that broadcasts. */
@Tag("thorough")
class ParametricFuzzTest {
  @Test
  void isRightInEveryLayout() {
    Fuzz.run(ParametricFuzzTest.class, 350, 0.1, draw -> new Problem(draw).everywhere());
  }

  /** Two arrays. */
  private static final class Problem {
    private final ElementwiseFunction function;
    private final Format format;
    private final Layout layout;
    private final Layout pLayout;
    private final Layout outLayout;
    private final double[] x;
    private final double[] p;

    /** For each element of x, which of p it meets. */
    private final int[] met;

    private final ElementwiseCheck check;
    private final Map<Result, Exact[]> exact = new EnumMap<>(Result.class);

    Problem(Draw draw) {
      function = draw.of(ElementwiseFunction.class);
      format = draw.of(Format.class);
      long[] shape = draw.shape();
      layout = draw.layout(shape, true);
      pLayout = draw.layout(draw.broadcasting(shape), true);
      outLayout = draw.layout(shape, false);
      double[] drawn = new double[Draw.size(pLayout.shape())];
      Arrays.setAll(drawn, i -> draw.parameter(function, format));
      p = pLayout.tied(drawn);
      met = Layout.met(shape, pLayout.shape());
      double near = p.length == 0 ? 1 : p[0];
      x = layout.tied(draw.arguments(function, near, format, Draw.size(shape)));
      draw.note("operator", function + " of " + format);
      draw.note("shape", shape);
      draw.note("shape of the parameter", pLayout.shape());
      draw.note("x", layout);
      draw.note("parameter", pLayout);
      draw.note("out", outLayout);
      draw.note("elements", x);
      draw.note("parameters", p);
      double[] parameters = Arrays.stream(met).mapToDouble(i -> p[i]).toArray();
      check = new ElementwiseCheck(function, format, x, parameters, p.length != 1);
      for (Result result : Result.values()) {
        exact.put(result, check.exact(result));
      }
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Elementwise<A> operator = host.elementwise(function);
      ArrayHost.Laid<A> laidX = host.laid(layout, x, format);
      ArrayHost.Laid<A> laidP = host.laid(pLayout, p, format);
      A value = operator.arrayValue().apply(laidX.view(), laidP.view());
      A gradient = operator.arrayGradient().apply(laidX.view(), laidP.view());
      A byParameter = operator.parameterGradient().apply(laidX.view(), laidP.view());
      host.requireUnchanged(laidX, where + " x");
      host.requireUnchanged(laidP, where + " parameter");
      host.requireLike(laidX, value, where + " value");
      host.requireLike(laidX, gradient, where + " gradient");
      host.requireLike(laidP, byParameter, where + " parameterGradient");
      double[] values = host.doubles(value);
      double[] gradients = host.doubles(gradient);
      double[] sums = host.doubles(byParameter);
      check.check(Result.VALUE, exact.get(Result.VALUE), values, path, where);
      check.check(Result.GRADIENT, exact.get(Result.GRADIENT), gradients, path, where);
      checkSums(sums, path, where);

      A plainX = host.plain(layout.shape(), x, format);
      A plainP = host.plain(pLayout.shape(), p, format);
      A valueOfPlain = operator.arrayValue().apply(plainX, plainP);
      A gradientOfPlain = operator.arrayGradient().apply(plainX, plainP);
      A sumsOfPlain = operator.parameterGradient().apply(plainX, plainP);
      host.requireSame(valueOfPlain, values, path, where + " value");
      host.requireSame(gradientOfPlain, gradients, path, where + " gradient");
      host.requireSame(sumsOfPlain, sums, path, where + " parameterGradient");
      into(host, operator, laidX, laidP, values, where);
      return null;
    }

    private <A extends AutoCloseable> void into(
        ArrayHost<A> host,
        ArrayHost.Elementwise<A> operator,
        ArrayHost.Laid<A> laidX,
        ArrayHost.Laid<A> laidP,
        double[] values,
        String where) {
      ArrayHost.Laid<A> out = host.laid(outLayout, new double[x.length], format);
      operator.arrayValueInto().apply(laidX.view(), laidP.view(), out.view());
      host.requireWritten(out, outLayout, values, where + " valueInto");
      host.requireUnchanged(laidX, where + " x of valueInto");
      host.requireUnchanged(laidP, where + " parameter of valueInto");
      if (!layout.isRepeated()) {
        operator.arrayValueInto().apply(laidX.view(), laidP.view(), laidX.view());
        host.requireWritten(laidX, layout, values, where + " valueInto x");
      }
    }

    // ---- sums

    private void checkSums(double[] sums, Path path, String where) {
      Exact[] terms = exact.get(Result.PARAMETER_GRADIENT);
      if (x.length > ElementwiseCheck.MOST) {
        return;
      }
      for (int k = 0; k < sums.length; k++) {
        int[] own = own(k);
        double sum = 0;
        double bar = 0;
        for (int i : own) {
          sum += terms[i].nearest();
          bar += check.bar(i, path, true) * format.ulp(terms[i].nearest());
        }
        checkSum(sums[k], sum, own.length == 1 ? 0 : format.ulp(sum), bar, where + " sum " + k);
      }
    }

    private int[] own(int k) {
      return IntStream.range(0, x.length).filter(i -> met[i] == k).toArray();
    }

    /** Special numbers are those of the sum; every other is within the bars of its terms. */
    private void checkSum(double actual, double sum, double rounding, double bar, String where) {
      if (!Double.isFinite(format.round(sum))) {
        assertEquals(format.round(sum), actual, where);
      } else {
        // Its terms have one sign: they add up without cancelling.
        double error = Math.abs(actual - sum);
        assertTrue(error <= bar + rounding, () -> where + ": " + actual + ", not " + sum);
      }
    }
  }
}
