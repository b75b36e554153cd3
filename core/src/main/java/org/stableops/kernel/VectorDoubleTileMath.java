package org.stableops.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The formulas of {@link JavaDoubleTileMath}, in the same order, in vector registers, each out of
 * line. Loaded only where the JVM has the incubating Vector API. Tiles are a multiple of a register
 * long, so that only rows have a tail.
 */
final class VectorDoubleTileMath implements DoubleTileMath {
  private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> BITS = LongVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  private static final DoubleVector ROUND = DoubleVector.broadcast(SPECIES, ROUNDER);

  private final OutOfLine exp = outOfLine("expTile");
  private final OutOfLine expm1 = outOfLine("expm1Tile");
  private final OutOfLine expOfMinus = outOfLine("expOfMinusTile");
  private final OutOfLine expOfDifference = outOfLine("expOfDifferenceTile");
  private final OutOfLine log1p = outOfLine("log1pTile");
  private final OutOfLine log = outOfLine("logTile");
  private final OutOfLine addTwice = outOfLine("addTwiceTile");
  private final OutOfLine splitOffPowers = outOfLine("splitOffPowersTile");
  private final OutOfLine addLogarithms = outOfLine("addLogarithmsTile");

  /** Negative where a formula does not hold. */
  private final long[] outside = new long[Tiles.SIZE];

  /**
   * Negative if any of these is. Asked by the callers: in the functions themselves a rare branch
   * would, the first time that it is taken, send the vectors to the interpreter, where they are
   * objects.
   */
  private long anyOutside;

  private final double[] rest = new double[Tiles.SIZE];
  private final double[] sums = new double[Tiles.SIZE];
  private final double[] low = new double[Tiles.SIZE];

  private OutOfLine outOfLine(String name) {
    return OutOfLine.of(MethodHandles.lookup(), this, name, double[].class);
  }

  @Override
  public void exp(double[] x, double[] out, int count) {
    exp.call(x, x, out, count);
    if (anyOutside < 0) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  private void expTile(double[] x, double[] unused, double[] out, int count) {
    LongVector any = LongVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      DoubleVector v = DoubleVector.fromArray(SPECIES, x, i);
      DoubleVector rounded = v.fma(constant(LOG2_E), ROUND);
      LongVector exponent = exponent(rounded, 0);
      q(remainder(v, rounded.sub(ROUNDER))).add(1).mul(power(exponent)).intoArray(out, i);
      LongVector marks = marks(exponent, 1, LARGEST_EXPONENT);
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  @Override
  public void expm1(double[] x, double[] out, int count) {
    expm1.call(x, x, out, count);
    if (anyOutside < 0) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  private void expm1Tile(double[] x, double[] unused, double[] out, int count) {
    LongVector any = LongVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      DoubleVector v = DoubleVector.fromArray(SPECIES, x, i);
      DoubleVector rounded = v.fma(constant(LOG2_E), ROUND);
      LongVector exponent = exponent(rounded, 0);
      DoubleVector power = power(exponent);
      power.fma(q(remainder(v, rounded.sub(ROUNDER))), power.sub(1)).intoArray(out, i);
      LongVector marks = marks(exponent, LOWEST_EXPONENT, LARGEST_EXPONENT);
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  @Override
  public void expOfMinus(double[] x, double[] out, int count) {
    expOfMinus.call(x, x, out, count);
  }

  private void expOfMinusTile(double[] x, double[] unused, double[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      DoubleVector y = DoubleVector.fromArray(SPECIES, x, i).abs().neg();
      // Not max(), which takes three times as many instructions for the sake of NaN and −0.
      DoubleVector d = y.blend(constant(EXP_UNDERFLOW), y.lt(EXP_UNDERFLOW));
      DoubleVector rounded = d.fma(constant(LOG2_E), constant(EXP_ROUNDER));
      DoubleVector q = q(remainder(d, rounded.sub(EXP_ROUNDER)));
      DoubleVector power = shifted(rounded.reinterpretAsLongs());
      power.fma(q, power).mul(EXP_UNSCALE).intoArray(out, i);
    }
  }

  @Override
  public void expOfDifference(double[] z, double[] max, double[] out, int count) {
    expOfDifference.call(z, max, out, count);
  }

  private void expOfDifferenceTile(double[] z, double[] max, double[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      DoubleVector m = DoubleVector.fromArray(SPECIES, max, i);
      expOfDifference(DoubleVector.fromArray(SPECIES, z, i), m).intoArray(out, i);
    }
  }

  private static DoubleVector expOfDifference(DoubleVector z, DoubleVector m) {
    DoubleVector low = m.add(EXP_UNDERFLOW);
    // Not max(), which takes three times as many instructions for the sake of NaN and −0.
    DoubleVector x = z.blend(low, z.lt(low));
    DoubleVector d = x.sub(m);
    DoubleVector back = x.sub(d);
    DoubleVector lost = x.sub(d.add(back)).add(back.sub(m));
    DoubleVector rounded = d.fma(constant(LOG2_E), constant(EXP_ROUNDER));
    DoubleVector q = q(remainder(d, rounded.sub(EXP_ROUNDER)).add(lost));
    DoubleVector power = shifted(rounded.reinterpretAsLongs());
    return power.fma(q, power);
  }

  private static DoubleVector constant(double c) {
    return DoubleVector.broadcast(SPECIES, c);
  }

  private static DoubleVector remainder(DoubleVector x, DoubleVector k) {
    return k.fma(constant(-LN2_MIDDLE), k.fma(constant(-LN2_HIGH), x));
  }

  private static DoubleVector q(DoubleVector r) {
    DoubleVector p = constant(P9);
    p = p.fma(r, constant(P8));
    p = p.fma(r, constant(P7));
    p = p.fma(r, constant(P6));
    p = p.fma(r, constant(P5));
    p = p.fma(r, constant(P4));
    p = p.fma(r, constant(P3));
    p = p.fma(r, constant(P2));
    p = p.fma(r, constant(P1));
    p = p.fma(r, constant(P0));
    return r.mul(r).fma(p, r);
  }

  private static DoubleVector logOfOnePlus(DoubleVector f) {
    DoubleVector s = f.div(f.add(2));
    DoubleVector z = s.mul(s);
    DoubleVector q = constant(Q9);
    q = q.fma(z, constant(Q8));
    q = q.fma(z, constant(Q7));
    q = q.fma(z, constant(Q6));
    q = q.fma(z, constant(Q5));
    q = q.fma(z, constant(Q4));
    q = q.fma(z, constant(Q3));
    q = q.fma(z, constant(Q2));
    q = q.fma(z, constant(Q1));
    q = q.fma(z, constant(Q0));
    return s.neg().fma(z.neg().fma(q, f), f);
  }

  private static LongVector exponent(DoubleVector rounded, int shift) {
    return rounded.reinterpretAsLongs().sub(ROUNDER_BITS - BIAS - shift);
  }

  /** Negative where an exponent is below the lowest or above the largest. */
  private static LongVector marks(LongVector exponent, long lowest, long largest) {
    return exponent.sub(lowest).or(exponent.neg().add(largest));
  }

  private static DoubleVector power(LongVector exponent) {
    return shifted(exponent.max(0));
  }

  /** Exponents to where they are in a number, whatever is above them. */
  private static DoubleVector shifted(LongVector exponent) {
    return exponent.lanewise(VectorOperators.LSHL, FRACTION_BITS).reinterpretAsDoubles();
  }

  @Override
  public void log1p(double[] t, double[] out, int count) {
    log1p.call(t, t, out, count);
  }

  private void log1pTile(double[] t, double[] unused, double[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      logOfOnePlus(DoubleVector.fromArray(SPECIES, t, i)).intoArray(out, i);
    }
  }

  /** That of 2^k in x = 2^k·m with √½ ≤ m < √2. */
  private static LongVector biasedExponent(LongVector bits) {
    return bits.sub(SQRT_HALF_BITS - (BIAS << FRACTION_BITS))
        .lanewise(VectorOperators.LSHR, FRACTION_BITS);
  }

  /** That m. */
  private static DoubleVector fraction(LongVector bits, LongVector biasedExponent) {
    LongVector k = biasedExponent.sub(BIAS);
    return bits.sub(k.lanewise(VectorOperators.LSHL, FRACTION_BITS)).reinterpretAsDoubles();
  }

  @Override
  public void logExpm1(double[] x, double[] lost, double[] out, int count) {
    // In three functions: what one of this size makes does not all stay in registers.
    addTwice.call(x, lost, out, count);
    splitOffPowers.call(x, lost, out, count);
    addLogarithms.call(x, lost, out, count);
    if (anyOutside < 0) {
      DoubleTileMath.replaceMarked(outside, x, out, count, v -> v < 1 ? Math.log(v) : v);
    }
  }

  /**
   * Leaves r in {@code rest}, 2w in {@code sums}, and what that misses of itself in {@code low}.
   */
  private void addTwiceTile(double[] x, double[] lost, double[] unused, int count) {
    for (int i = 0; i < count; i += LANES) {
      DoubleVector y = DoubleVector.fromArray(SPECIES, x, i).neg();
      DoubleVector rounded = y.fma(constant(LOG2_E), ROUND);
      DoubleVector k = rounded.sub(ROUNDER);
      DoubleVector r = k.fma(constant(-LN2_LOW), remainder(y, k));
      r = r.sub(DoubleVector.fromArray(SPECIES, lost, i));
      r.intoArray(rest, i);
      // Infinity where it is too large, which the second loop sees.
      DoubleVector power = power(exponent(rounded, 1).min(LARGEST_EXPONENT + 1));
      DoubleVector high = power.neg().add(2);
      DoubleVector product = power.neg().mul(q(r));
      DoubleVector sum = high.add(product);
      sum.intoArray(sums, i);
      product.sub(sum.sub(high)).div(sum).intoArray(low, i);
    }
  }

  /**
   * Leaves m − 1 in {@code sums}, the multiple of ln 2 in {@code rest}, and what is small beside
   * both in {@code low}.
   */
  private void splitOffPowersTile(double[] x, double[] unused, double[] unusedToo, int count) {
    LongVector any = LongVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      DoubleVector rounded =
          DoubleVector.fromArray(SPECIES, x, i).neg().fma(constant(LOG2_E), ROUND);
      DoubleVector k = rounded.sub(ROUNDER);
      LongVector bits = DoubleVector.fromArray(SPECIES, sums, i).reinterpretAsLongs();
      LongVector exponent = biasedExponent(bits);
      fraction(bits, exponent).sub(1).intoArray(sums, i);
      DoubleVector n =
          exponent.add(ROUNDER_BITS - BIAS).reinterpretAsDoubles().sub(ROUNDER).sub(k.add(1));
      n.fma(constant(LN2_MIDDLE), DoubleVector.fromArray(SPECIES, low, i))
          .sub(DoubleVector.fromArray(SPECIES, rest, i))
          .intoArray(low, i);
      n.intoArray(rest, i);
      LongVector marks = marks(exponent, 2, BIAS + 2).or(exponent(rounded, 1).sub(LOWEST_EXPONENT));
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  private void addLogarithmsTile(double[] unused, double[] unusedToo, double[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      DoubleVector log = logOfOnePlus(DoubleVector.fromArray(SPECIES, sums, i));
      DoubleVector n = DoubleVector.fromArray(SPECIES, rest, i);
      n.fma(constant(LN2_HIGH), log.add(DoubleVector.fromArray(SPECIES, low, i))).intoArray(out, i);
    }
  }

  /** In two registers, so that one need not wait for the other; the last overlaps those before. */
  @Override
  public double max(double[] x, int from, int count) {
    int end = from + count;
    if (count < LANES) {
      double max = x[from];
      for (int i = from + 1; i < end; i++) {
        max = Math.max(max, x[i]);
      }
      return max;
    }
    DoubleVector largest = DoubleVector.fromArray(SPECIES, x, from);
    DoubleVector other = DoubleVector.fromArray(SPECIES, x, end - LANES);
    int i = from + LANES;
    for (; i < end - 2 * LANES; i += 2 * LANES) {
      largest = largest.max(DoubleVector.fromArray(SPECIES, x, i));
      other = other.max(DoubleVector.fromArray(SPECIES, x, i + LANES));
    }
    for (; i < end - LANES; i += LANES) {
      largest = largest.max(DoubleVector.fromArray(SPECIES, x, i));
    }
    return largest.max(other).reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void log(double[] x, double[] out, int count) {
    log.call(x, x, out, count);
    if (anyOutside < 0) {
      DoubleTileMath.replaceMarked(outside, x, out, count, Math::log);
    }
  }

  private void logTile(double[] x, double[] unused, double[] out, int count) {
    LongVector any = LongVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      LongVector bits = DoubleVector.fromArray(SPECIES, x, i).reinterpretAsLongs();
      LongVector exponent = biasedExponent(bits);
      DoubleVector k = exponent.add(ROUNDER_BITS - BIAS).reinterpretAsDoubles().sub(ROUNDER);
      DoubleVector ofFraction = logOfOnePlus(fraction(bits, exponent).sub(1));
      k.fma(constant(LN2_HIGH), k.fma(constant(LN2_MIDDLE), ofFraction)).intoArray(out, i);
      LongVector marks = marks(exponent, 1, LARGEST_EXPONENT);
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }
}
