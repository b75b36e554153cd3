package org.stableops.kernel;

import org.stableops.BinaryCrossEntropyOptions;

/**
 * The cross-entropy of yes or no: F(x; c₊) + F(−x; c₋) with F(x; c) =
 * c·e^{−γ·softplus(x)}·softplus(−x), which for γ = 0 is the usual one.
 *
 * <p>With t = e^{−|x|} and L = log(1 + t) all that is needed is made of t and L without
 * cancellation: P = softplus(−x), N = softplus(x), p = 1/(1 + e^{−x}) and q = 1 − p;
 *
 * <pre>F′ = −c·e^{−γN}·(q + γpP),
 * F″ = c·e^{−γN}·p·(q(1 + 2γ) + γP(γp − q)).</pre>
 *
 * <p>No (1 − p)^{γ−1} occurs, so that all is finite for every γ ≥ 0. A relative error of e^{−γN} is
 * an absolute one of its exponent, which is therefore a sum of two doubles.
 */
public final class SigmoidCrossEntropyKernel {
  /** From here on softplus(−x) and 1 − p are e^{−x} to the last bit. */
  private static final double FAR = 40;

  /** From here on e^{−hi} is about to be subnormal, and is made of two factors. */
  private static final double HALVED = 700;

  /** From here on e^{−hi} makes every product 0, also where hi is infinite and lo unknown. */
  private static final double VANISHED = 4000;

  /** From here on e^{−|x|} is about to be a subnormal float, and is computed in double. */
  private static final float FLOAT_HALVED = 80;

  private SigmoidCrossEntropyKernel() {}

  /**
   * Returns the kernel.
   *
   * @param options all but the reduction
   * @return the loss of logits and targets in [0, 1]
   */
  public static ElementLossKernel of(BinaryCrossEntropyOptions options) {
    return new ElementLossKernel(
        options.focalGamma() == 0 ? new Plain(options) : new Focal(options));
  }

  private abstract static class Form implements ElementLossKernel.Form {
    private final double smoothing;
    private final double[] positiveWeights;
    private final double yes;
    private final double no;

    Form(BinaryCrossEntropyOptions options) {
      smoothing = options.labelSmoothing();
      positiveWeights = options.positiveWeights();
      yes = options.focalAlpha().orElse(1);
      no = options.focalAlpha().isPresent() ? 1 - yes : 1;
    }

    /** c₊ to scratch.c, c₋ to scratch.d. */
    final void coefficients(double[] y, int from, int count, Scratch scratch) {
      double[] positive = scratch.c;
      double[] negative = scratch.d;
      double half = smoothing / 2;
      for (int i = 0; i < count; i++) {
        positive[i] = yes * Math.fma(1 - smoothing, y[i], half);
        negative[i] = no * Math.fma(1 - smoothing, 1 - y[i], half);
      }
      int period = positiveWeights.length;
      for (int i = 0; period > 0 && i < count; i++) {
        positive[i] *= positiveWeights[(from + i) % period];
      }
    }

    @Override
    public double largestTarget() {
      return 1;
    }

    @Override
    public String targets() {
      return "in [0, 1]";
    }
  }

  /**
   * The plain loss of targets 0 and 1: softplus(z) of z = x or −x, and its derivative p = σ(z),
   * which is n/(1 + t) with n = e^{min(z, 0)}; t in scratch.floatA.
   */
  private static final class OfHardTargets implements ElementLossKernel.FloatForm {
    @Override
    public boolean takes(float[] x, float[] y, int count, Scratch scratch) {
      float[] distance = scratch.floatA;
      for (int i = 0; i < count; i++) {
        distance[i] = Math.abs(y[i] - y[i] * y[i]);
      }
      float[] size = scratch.floatOut;
      for (int i = 0; i < count; i++) {
        size[i] = Math.abs(x[i]);
      }
      return scratch.floatMath.max(distance, 0, count) == 0
          && scratch.floatMath.max(size, 0, count) <= FLOAT_HALVED;
    }

    @Override
    public void prepare(float[] x, int count, Scratch scratch) {
      scratch.floatMath.expOfMinus(x, scratch.floatA, count);
    }

    @Override
    public void value(float[] x, float[] y, int count, float[] out, Scratch scratch) {
      scratch.floatMath.log1p(scratch.floatA, out, count);
      for (int i = 0; i < count; i++) {
        float z = Math.fma(-2 * y[i], x[i], x[i]);
        out[i] += (z + Math.abs(z)) / 2;
      }
    }

    /** With what p and the scale have lost: float would round it four times. */
    @Override
    public void gradient(
        float[] x, float[] y, int count, double scale, float[] out, Scratch scratch) {
      float[] t = scratch.floatA;
      float high = (float) scale;
      float low = (float) (scale - high);
      for (int i = 0; i < count; i++) {
        float z = Math.fma(-2 * y[i], x[i], x[i]);
        // 1 for negative z, else 0, without a choice, which C2 does not vectorise.
        float sign = Math.min((Math.abs(z) - z) * 0x1p127f, 1);
        float n = Math.fma(sign, t[i], 1 - sign);
        float sum = 1 + t[i];
        float inverse = 1 / sum;
        float p = n * inverse;
        float lost = (Math.fma(-p, sum, n) - p * (t[i] - (sum - 1))) * inverse;
        float product = p * high;
        float lostOfProduct = Math.fma(p, high, -product);
        float scaled = product + (lostOfProduct + Math.fma(lost, high, p * low));
        out[i] = Math.fma(-2 * y[i], scaled, scaled);
      }
    }
  }

  /** Without a focal loss; t in scratch.a, L in scratch.b. */
  private static final class Plain extends Form {
    /** Whether c₊ = y and c₋ = 1 − y. */
    private final boolean isUnweighted;

    Plain(BinaryCrossEntropyOptions options) {
      super(options);
      isUnweighted =
          options.labelSmoothing() == 0
              && options.positiveWeights().length == 0
              && options.focalAlpha().isEmpty();
    }

    @Override
    public ElementLossKernel.FloatForm inFloat() {
      return isUnweighted ? new OfHardTargets() : null;
    }

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      if (areFloats) {
        scratch.floatMath.expOfMinus(scratch.floatIn, scratch.floatA, count);
        scratch.floatMath.widen(scratch.floatA, 0, count, scratch.a);
      } else {
        scratch.doubleMath.expOfMinus(x, scratch.a, count);
      }
      coefficients(y, from, count, scratch);
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      double[] log = scratch.b;
      double[] positive = scratch.c;
      double[] negative = scratch.d;
      if (areFloats) {
        scratch.floatMath.log1p(scratch.floatA, scratch.floatB, count);
        scratch.floatMath.widen(scratch.floatB, 0, count, log);
      } else {
        scratch.doubleMath.log1p(scratch.a, log, count);
      }
      for (int i = 0; i < count; i++) {
        double yes = positive[i] * (Math.max(-x[i], 0) + log[i]);
        out[i] = yes + negative[i] * (Math.max(x[i], 0) + log[i]);
      }
      for (int i = firstFar(x, count); i < count; i++) {
        if (isFar(x[i])) {
          out[i] = farValue(x[i], positive[i], negative[i]);
        }
      }
    }

    /** The first element that is far out, or the count if none is, as usual. */
    private static int firstFar(double[] x, int count) {
      int i = 0;
      while (i < count && !isFar(x[i])) {
        i++;
      }
      return i;
    }

    /** Whether t may be about to be subnormal, in float. */
    private static boolean isFar(double x) {
      return Math.abs(x) > FLOAT_HALVED;
    }

    /** c·e^{−|x|}, of two factors where e^{−|x|} is about to be subnormal. */
    private static double far(double x, double c) {
      double abs = Math.abs(x);
      if (abs <= HALVED) {
        return c * Math.exp(-abs);
      }
      double half = Math.exp(-abs / 2);
      return c * half * half;
    }

    /** The loss far out. */
    private static double farValue(double x, double positive, double negative) {
      double against = x < 0 ? positive : negative;
      // 0 outweighs the infinite loss of the other answer.
      double ofOther = against == 0 ? 0 : against * Math.abs(x);
      return far(x, x < 0 ? negative : positive) + ofOther;
    }

    /** The gradient far out. */
    private static double farGradient(double x, double positive, double negative) {
      return x < 0 ? far(x, negative) - positive : negative - far(x, positive);
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      double[] exp = scratch.a;
      double[] positive = scratch.c;
      double[] negative = scratch.d;
      for (int i = 0; i < count; i++) {
        // 1 for negative x, else 0, without a choice, which C2 does not vectorise.
        double sign = Math.min(Math.max(x[i] * -0x1p1023, 0) * 0x1p52, 1);
        double t = exp[i];
        double p = Math.fma(sign, t, 1 - sign);
        double q = Math.fma(1 - sign, t, sign);
        out[i] = (negative[i] * p - positive[i] * q) / (1 + t);
      }
      for (int i = firstFar(x, count); i < count; i++) {
        if (isFar(x[i])) {
          out[i] = farGradient(x[i], positive[i], negative[i]);
        }
      }
    }

    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        double t = scratch.a[i];
        out[i] = (scratch.c[i] + scratch.d[i]) * (t / (1 + t) / (1 + t));
      }
      for (int i = firstFar(x, count); i < count; i++) {
        out[i] = isFar(x[i]) ? far(x[i], scratch.c[i] + scratch.d[i]) : out[i];
      }
    }
  }

  private static final class Focal extends Form {
    private final double gamma;

    Focal(BinaryCrossEntropyOptions options) {
      super(options);
      gamma = options.focalGamma();
    }

    @Override
    public void prepare(
        double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch) {
      coefficients(y, from, count, scratch);
    }

    @Override
    public void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = value(x[i], scratch.c[i]) + value(-x[i], scratch.d[i]);
      }
    }

    @Override
    public void gradient(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        // + 0, for the sum of nothing is 0 and not −0.
        out[i] = gradient(x[i], scratch.c[i]) - gradient(-x[i], scratch.d[i]) + 0.0;
      }
    }

    @Override
    public void secondDerivative(double[] x, int count, double[] out, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        out[i] = second(x[i], scratch.c[i]) + second(-x[i], scratch.d[i]);
      }
    }

    private double value(double x, double c) {
      if (c == 0 || Double.isNaN(x)) {
        return Double.isNaN(x) ? x : 0;
      }
      if (x > FAR) {
        return far(x, c);
      }
      double t = Math.exp(-Math.abs(x));
      double log = Math.log1p(t);
      return scaled(c * (Math.max(-x, 0) + log), x, log);
    }

    /** c·e^{−(1+γ)x}. */
    private double far(double x, double c) {
      double exponent = (1 + gamma) * x;
      double lost = Math.fma(1 + gamma, x, -exponent) + (gamma - (1 + gamma - 1)) * x;
      return timesExp(c, exponent, lost);
    }

    private double gradient(double x, double c) {
      if (c == 0 || Double.isNaN(x)) {
        return Double.isNaN(x) ? x : 0;
      }
      if (x > FAR) {
        return -far(x, c * (1 + gamma));
      }
      double t = Math.exp(-Math.abs(x));
      double log = Math.log1p(t);
      double p = x < 0 ? t / (1 + t) : 1 / (1 + t);
      double q = x < 0 ? 1 / (1 + t) : t / (1 + t);
      // p·softplus(−x), which is 0 at −inf.
      double product = p == 0 ? 0 : p * (Math.max(-x, 0) + log);
      return -scaled(c * Math.fma(gamma, product, q), x, log);
    }

    private double second(double x, double c) {
      if (c == 0 || Double.isNaN(x)) {
        return Double.isNaN(x) ? x : 0;
      }
      if (x > FAR) {
        return far(x, c * (1 + gamma) * (1 + gamma));
      }
      double t = Math.exp(-Math.abs(x));
      double log = Math.log1p(t);
      double p = x < 0 ? t / (1 + t) : 1 / (1 + t);
      double q = x < 0 ? 1 / (1 + t) : t / (1 + t);
      double negative = Math.max(-x, 0) + log;
      if (x < -HALVED) {
        // p = e^x, and nothing beside 1.
        return negative == Double.POSITIVE_INFINITY
            ? 0
            : timesExp(c * (1 + 2 * gamma - gamma * negative), -x, 0);
      }
      double factor = q * (1 + 2 * gamma) + gamma * negative * (gamma * p - q);
      return scaled(c * factor * p, x, log);
    }

    /** factor·e^{−γ·softplus(x)}. */
    private double scaled(double factor, double x, double log) {
      double ofLog = gamma * log;
      double lostOfLog = Math.fma(gamma, log, -ofLog);
      if (x < 0) {
        return timesExp(factor, ofLog, lostOfLog);
      }
      double ofX = gamma * x;
      double exponent = ofX + ofLog;
      double back = exponent - ofX;
      double lost = (ofX - (exponent - back)) + (ofLog - back);
      return timesExp(factor, exponent, lost + lostOfLog + Math.fma(gamma, x, -ofX));
    }

    /** factor·e^{−(exponent + lost)}. */
    private static double timesExp(double factor, double exponent, double lost) {
      if (exponent > VANISHED) {
        return 0;
      }
      if (exponent <= HALVED) {
        double exp = Math.exp(-exponent);
        return factor * Math.fma(exp, -lost, exp);
      }
      double half = Math.exp(-exponent / 2);
      return factor * Math.fma(half, -lost, half) * half;
    }
  }
}
