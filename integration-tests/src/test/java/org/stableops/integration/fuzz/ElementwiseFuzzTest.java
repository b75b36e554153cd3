package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.integration.fuzz.ElementwiseCheck.Result;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/** The elementwise operators whose parameter is a number. */
@Tag("thorough")
class ElementwiseFuzzTest {
  @Test
  void isRightInEveryLayout() {
    Fuzz.run(ElementwiseFuzzTest.class, 700, 0.15, draw -> new Problem(draw).everywhere());
  }

  /** One array and one parameter. */
  private static final class Problem {
    private final ElementwiseFunction function;
    private final Format format;
    private final double parameter;
    private final Layout layout;
    private final Layout outLayout;
    private final double[] x;
    private final boolean trains;
    private final ElementwiseCheck check;
    private final Map<Result, Exact[]> exact = new EnumMap<>(Result.class);

    Problem(Draw draw) {
      function = draw.of(ElementwiseFunction.class);
      format = draw.of(Format.class);
      parameter = draw.parameter(function);
      long[] shape = draw.shape();
      layout = draw.layout(shape, true);
      outLayout = draw.layout(shape, false);
      x = layout.tied(draw.arguments(function, parameter, format, Draw.size(shape)));
      trains = draw.rarely(4) && !layout.isRepeated() && x.length > 0;
      draw.note("operator", function + "(" + parameter + ") of " + format);
      draw.note("shape", shape);
      draw.note("x", layout);
      draw.note("out", outLayout);
      draw.note("elements", x);
      double[] parameters = new double[x.length];
      Arrays.fill(parameters, parameter);
      check = new ElementwiseCheck(function, format, x, parameters, false);
      exact.put(Result.VALUE, check.exact(Result.VALUE));
      exact.put(Result.GRADIENT, check.exact(Result.GRADIENT));
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Elementwise<A> operator = host.elementwise(function);
      ArrayHost.Laid<A> laid = host.laid(layout, x, format);
      assertArrayEquals(x, host.doubles(laid.view()), "the test's own layout");
      A plain = host.plain(layout.shape(), x, format);

      A value = operator.value().apply(laid.view(), parameter);
      A gradient = operator.gradient().apply(laid.view(), parameter);
      host.requireUnchanged(laid, where + " x");
      host.requireLike(laid, value, where + " value");
      host.requireLike(laid, gradient, where + " gradient");
      double[] values = host.doubles(value);
      double[] gradients = host.doubles(gradient);
      check.check(Result.VALUE, exact.get(Result.VALUE), values, path, where);
      check.check(Result.GRADIENT, exact.get(Result.GRADIENT), gradients, path, where);
      A valueOfPlain = operator.value().apply(plain, parameter);
      A gradientOfPlain = operator.gradient().apply(plain, parameter);
      host.requireSame(valueOfPlain, values, path, where + " value");
      host.requireSame(gradientOfPlain, gradients, path, where + " gradient");

      into(host, operator, laid, values, where);
      if (trains) {
        assertArrayEquals(
            gradients,
            host.backprop(function, layout, x, format, parameter),
            () -> where + " in training");
      }
      return null;
    }

    /** Into another array, and into x itself where its elements are its own. */
    private <A extends AutoCloseable> void into(
        ArrayHost<A> host,
        ArrayHost.Elementwise<A> operator,
        ArrayHost.Laid<A> laid,
        double[] values,
        String where) {
      ArrayHost.Laid<A> out = host.laid(outLayout, new double[x.length], format);
      operator.valueInto().apply(laid.view(), parameter, out.view());
      host.requireWritten(out, outLayout, values, where + " valueInto");
      host.requireUnchanged(laid, where + " x of valueInto");
      if (!layout.isRepeated()) {
        operator.valueInto().apply(laid.view(), parameter, laid.view());
        host.requireWritten(laid, layout, values, where + " valueInto x");
      }
    }
  }
}
