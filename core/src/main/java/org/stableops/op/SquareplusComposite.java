package org.stableops.op;

import org.stableops.kernel.ScaledB;

/** Squareplus, max(x, 0) + (b/4)/squareplus(|x|), by primitives. */
final class SquareplusComposite implements Composite {
  /** Below, b is 0 for every float32 number. */
  private static final double TINY = 0x1p-800;

  /** Between 1/LARGE and LARGE squares of float32 numbers near √b neither overflow nor vanish. */
  private static final double LARGE = 0x1p100;

  @Override
  public <A> A value(Algebra<A> m, A x, double b) {
    if (b == 0 || (b < TINY && !m.isDouble(x))) {
      return m.atLeast(x, 0);
    }
    if (m.isDouble(x)) {
      return wideValue(m, x, new ScaledB(b));
    }
    return b > 1 / LARGE && b < LARGE
        ? narrowValue(m, x, b)
        : Widened.inDouble(m, x, wide -> wideValue(m, wide, new ScaledB(b)));
  }

  private static <A> A wideValue(Algebra<A> m, A x, ScaledB s) {
    A abs = m.abs(x);
    A small = quotient(m, abs, root(m, abs, s), s);
    return m.add(m.atLeast(x, 0), m.multiply(small, s.unscale));
  }

  /** max(x, 0) + (b/4)/(|x|/2 + √(x² + b)/2), where no sum overflows. */
  private static <A> A narrowValue(Algebra<A> m, A x, double b) {
    A half = m.multiplyBy(m.abs(x), 0.5);
    // Beyond, b no longer matters, and a square might overflow.
    A c = m.atMost(half, Math.sqrt(b * 0x1p21));
    A sum = m.addTo(m.multiplyBy(c, c), b / 4);
    A root = m.freeing(m.freeing(sum, m::sqrt), near -> m.max(half, near));
    A ofAbs = m.addTo(root, half);
    m.free(half);
    A tail = m.freeing(ofAbs, value -> m.divide(b / 4, value));
    return m.addTo(tail, m.atLeast(x, 0));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, double b) {
    if (b == 0 || (b < TINY && !m.isDouble(x))) {
      return step(m, x);
    }
    return m.isDouble(x)
        ? wideGradient(m, x, new ScaledB(b))
        : Widened.inDouble(m, x, wide -> narrowGradient(m, wide, b));
  }

  private static <A> A wideGradient(Algebra<A> m, A x, ScaledB s) {
    A abs = m.abs(x);
    A root = root(m, abs, s);
    A ratio = m.multiply(quotient(m, abs, root, s), m.divide(s.unscale, root));
    return oneSided(m, x, ratio);
  }

  /**
   * (1 + sign x)/2 − sign x·g, g = (b/2)/(r·(|x| + r)), r = √(x² + b), which is ½ at 0. In float64
   * the square of a float32 number does not overflow.
   */
  private static <A> A narrowGradient(Algebra<A> m, A x, double b) {
    A root = m.sqrt(m.add(m.multiply(x, x), b));
    A ratio = m.divide(m.divide(b / 2, root), m.add(m.abs(x), root));
    A sign = m.sign(x);
    A step = m.multiply(m.add(sign, 1), 0.5);
    return m.subtract(step, m.multiply(sign, ratio));
  }

  /** b/(2r³), r = √(x² + b). */
  @Override
  public <A> A secondDerivative(Algebra<A> m, A x, double b) {
    return Widened.inDouble(m, x, wide -> curvature(m, wide, b));
  }

  private static <A> A curvature(Algebra<A> m, A x, double b) {
    if (b == 0) {
      return zero(m, x);
    }
    ScaledB s = new ScaledB(b);
    A root = m.multiply(root(m, m.abs(x), s), s.scale);
    // The scale early, before a quotient is subnormal that it would lift.
    A quotient = m.divide(m.multiply(m.divide(s.b, root), s.scale), root);
    return m.divide(quotient, m.multiply(root, 2));
  }

  /** 0, and NaN of NaN. */
  static <A> A zero(Algebra<A> m, A x) {
    return m.select(m.isNaN(x), x, m.constant(0, x));
  }

  /** The ratio below 0, ½ at 0, and above what the ratio leaves of 1. */
  private static <A> A oneSided(Algebra<A> m, A x, A ratio) {
    A gradient = m.select(m.isLess(x, 0), ratio, m.add(m.negate(ratio), 1));
    return m.select(m.isEqual(x, 0), m.constant(0.5, x), gradient);
  }

  /** √(x² + b), |x| cut off where b no longer matters and its square might overflow. */
  static <A> A root(Algebra<A> m, A abs, ScaledB s) {
    double epsilon = m.isDouble(abs) ? 0x1p-52 : 0x1p-23;
    A c = m.multiply(m.atMost(abs, s.limit(epsilon)), s.scale);
    return m.max(abs, m.multiply(m.sqrt(m.add(m.multiply(c, c), s.b)), s.unscale));
  }

  /** Squareplus of |x|: |x|/2 + root/2. */
  static <A> A valueOfAbs(Algebra<A> m, A abs, A root) {
    return m.add(m.multiply(abs, 0.5), m.multiply(root, 0.5));
  }

  /** 2^k·(b/4)/squareplus(|x|). */
  private static <A> A quotient(Algebra<A> m, A abs, A root, ScaledB s) {
    return m.divide(0.25 * s.b * s.unscale, valueOfAbs(m, abs, root));
  }

  @Override
  public <A> A value(Algebra<A> m, A x, A b) {
    A scale = Widened.scale(m, b);
    A scaledB = m.multiply(m.multiply(b, scale), scale);
    A abs = m.multiply(m.abs(x), scale);
    A small = m.divide(quotient(m, abs, root(m, abs, scaledB), scaledB), scale);
    A relu = m.atLeast(x, 0);
    return m.select(m.isEqual(b, 0), relu, m.add(relu, small));
  }

  @Override
  public <A> A gradient(Algebra<A> m, A x, A b) {
    A scale = Widened.scale(m, b);
    A scaledB = m.multiply(m.multiply(b, scale), scale);
    A abs = m.multiply(m.abs(x), scale);
    A root = root(m, abs, scaledB);
    A ratio = m.divide(quotient(m, abs, root, scaledB), root);
    return m.select(m.isEqual(b, 0), step(m, x), oneSided(m, x, ratio));
  }

  /** 1/(4√(x² + b)). */
  @Override
  public <A> A parameterGradient(Algebra<A> m, A x, A b) {
    A scale = Widened.scale(m, b);
    A abs = m.abs(x);
    A scaledB = m.multiply(m.multiply(b, scale), scale);
    A root = m.divide(root(m, m.multiply(abs, scale), scaledB), scale);
    // The product with the scale may overflow, where the root is |x|.
    return m.divide(0.25, m.select(m.isInfinite(root), abs, root));
  }

  /** √(x² + b), |x| cut off where b no longer matters and its square might overflow. */
  private static <A> A root(Algebra<A> m, A abs, A b) {
    A c = m.min(abs, m.multiply(m.sqrt(b), 0x1p26));
    return m.max(abs, m.sqrt(m.add(m.multiply(c, c), b)));
  }

  /** (b/4)/squareplus(|x|). */
  private static <A> A quotient(Algebra<A> m, A abs, A root, A b) {
    return m.divide(m.multiply(b, 0.25), valueOfAbs(m, abs, root));
  }

  /** 0, ½ at 0, or 1. */
  private static <A> A step(Algebra<A> m, A x) {
    // Twice, for once would leave the smallest subnormal numbers below ½, or overflow itself.
    double large = m.isDouble(x) ? 0x1p600 : 0x1p120;
    A steep = m.multiply(m.multiply(x, large), large);
    return m.atMost(m.atLeast(m.add(steep, 0.5), 0), 1);
  }
}
