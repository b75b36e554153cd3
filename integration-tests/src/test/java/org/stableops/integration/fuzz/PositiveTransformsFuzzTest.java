package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.PositiveTransform;
import org.stableops.PositiveTransform.Family;
import org.stableops.integration.Tolerance;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.PositiveFunction;

/** Positive transforms of any family, parameter and bound: always above the bound, and exact. */
@Tag("thorough")
class PositiveTransformsFuzzTest {
  @Test
  void areRightInEveryLayout() {
    Fuzz.run(PositiveTransformsFuzzTest.class, 220, 0.1, draw -> new Problem(draw).everywhere());
  }

  private static PositiveTransform transform(Draw draw, Format format) {
    double parameter =
        draw.rarely(6) ? draw.anySize(Format.FLOAT64) : Math.exp(draw.uniform(-8, 8));
    PositiveTransform unbounded =
        switch (draw.of(Family.class)) {
          case SOFTPLUS -> PositiveTransform.softplus(parameter);
          case SQUAREPLUS -> PositiveTransform.squareplus(parameter);
          case EXP -> PositiveTransform.exp();
        };
    double bound = Math.exp(draw.uniform(-10, 3));
    return draw.rarely(2)
        ? unbounded
        : unbounded.withLowerBound(draw.rarely(2) ? bound : format.round(bound));
  }

  /** An array and a transform. */
  private static final class Problem {
    private static final int MOST = 48;

    /** The oracle's exponentials are of no use beyond. */
    private static final double FAR = 2000;

    private final Format format;
    private final PositiveTransform transform;
    private final Layout layout;
    private final Layout outLayout;
    private final double[] raw;
    private final boolean trains;

    Problem(Draw draw) {
      format = draw.of(Format.class);
      transform = transform(draw, format);
      long[] shape = draw.shape();
      layout = draw.layout(shape, true);
      outLayout = draw.layout(shape, false);
      double[] drawn = new double[Draw.size(shape)];
      Arrays.setAll(drawn, i -> raw(draw));
      raw = layout.tied(drawn);
      trains = draw.rarely(6) && !layout.isRepeated() && raw.length > 0;
      draw.note("transform", transform + " of " + format);
      draw.note("shape", shape);
      draw.note("raw", layout);
      draw.note("out", outLayout);
      draw.note("elements", raw);
    }

    private double raw(Draw draw) {
      if (draw.rarely(8)) {
        return draw.special(format);
      }
      double size = draw.rarely(3) ? draw.anySize(format) : draw.uniform(0, 100) * unit();
      return format.round(draw.rarely(2) ? size : -size);
    }

    private double unit() {
      return switch (transform.family()) {
        case SOFTPLUS -> 1 / transform.parameter();
        case SQUAREPLUS -> Math.sqrt(transform.parameter());
        case EXP -> 1;
      };
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Transforms<A> transforms = host.transforms();
      ArrayHost.Laid<A> laid = host.laid(layout, raw, format);
      A value = transforms.value().apply(laid.view(), transform);
      A gradient = transforms.gradient().apply(laid.view(), transform);
      A logDerivative = transforms.logDerivative().apply(laid.view(), transform);
      host.requireUnchanged(laid, where + " raw");
      host.requireLike(laid, value, where + " value");
      host.requireLike(laid, gradient, where + " gradient");
      host.requireLike(laid, logDerivative, where + " logDerivative");
      double[] values = host.doubles(value);
      double[] gradients = host.doubles(gradient);
      check(values, gradients, host.doubles(logDerivative), path, where);
      A plain = host.plain(layout.shape(), raw, format);
      A valueOfPlain = transforms.value().apply(plain, transform);
      A gradientOfPlain = transforms.gradient().apply(plain, transform);
      host.requireSame(valueOfPlain, values, path, where + " value");
      host.requireSame(gradientOfPlain, gradients, path, where + " gradient");
      ArrayHost.Laid<A> out = host.laid(outLayout, new double[raw.length], format);
      transforms.valueInto().apply(laid.view(), transform, out.view());
      host.requireWritten(out, outLayout, values, where + " valueInto");
      invert(host, value, where);
      if (trains) {
        assertArrayEquals(
            gradients, host.backprop(transform, layout, raw, format), () -> where + " in training");
      }
      return null;
    }

    /** What a transform returns, where it is finite, can be given to its inverse. */
    private <A extends AutoCloseable> void invert(ArrayHost<A> host, A value, String where) {
      if (Arrays.stream(host.doubles(value)).allMatch(Double::isFinite)) {
        A inverse = host.transforms().inverse().apply(value, transform);
        for (double r : host.doubles(inverse)) {
          assertTrue(Double.isFinite(r), () -> where + " inverse " + r);
        }
      }
    }

    private void check(
        double[] values, double[] gradients, double[] logDerivatives, Path path, String where) {
      PositiveFunction exact = new PositiveFunction(transform);
      boolean isFused = path == Path.FUSED;
      double valueBar =
          (isFused ? Tolerance.FUSED_VALUE : Tolerance.COMPOSITE_VALUE).of(format) + 1;
      double bar = (isFused ? Tolerance.FUSED_GRADIENT : Tolerance.COMPOSITE_GRADIENT).of(format);
      for (int i = 0; i < raw.length; i += 1 + raw.length / MOST) {
        checkSpecial(i, values[i], gradients[i], logDerivatives[i], where);
        if (Double.isFinite(raw[i])) {
          String at = where + " at " + raw[i];
          double rounding = roundedProduct(raw[i], path);
          require(raw[i], values[i], exact::value, valueBar + rounding, at + " value");
          require(raw[i], gradients[i], exact::gradient, bar + rounding, at + " gradient");
          double error = format.ulps(logDerivatives[i], exact.logDerivative(raw[i]));
          assertTrue(error <= bar + rounding, () -> at + " log-derivative, error " + error);
        }
      }
    }

    private void checkSpecial(
        int i, double value, double gradient, double logDerivative, String where) {
      double r = raw[i];
      boolean isNan = Double.isNaN(value) && Double.isNaN(gradient) && Double.isNaN(logDerivative);
      boolean isRight = Double.isNaN(r) ? isNan : value > transform.lowerBound();
      assertTrue(
          isRight, () -> where + " at " + r + ": " + value + " " + gradient + " " + logDerivative);
    }

    private void require(
        double r, double actual, DoubleFunction<Exact> oracle, double bar, String where) {
      boolean overflows = transform.family() == Family.EXP && r > FAR;
      Exact exact = overflows ? new Exact(Double.POSITIVE_INFINITY, 0) : oracle.apply(r);
      double error = format.ulps(actual, exact);
      assertTrue(
          error <= bar,
          () -> where + ": got " + actual + ", exact " + exact.nearest() + ", error " + error);
    }

    /** A composite does not put back the rounding of βr. */
    private double roundedProduct(double r, Path path) {
      boolean isNarrow = format == Format.FLOAT16 || format == Format.BFLOAT16;
      boolean isPutBack = path == Path.FUSED || isNarrow || transform.family() != Family.SOFTPLUS;
      return isPutBack ? 0 : Math.abs(transform.parameter() * r);
    }
  }
}
