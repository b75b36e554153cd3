package org.stableops.kernel;

import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The formulas of {@link JavaFloatTileMath}, in the same order, in vector registers, each out of
 * line. Loaded only where the JVM has the incubating Vector API. Tiles are a multiple of a register
 * long, so that only rows have a tail.
 */
final class VectorFloatTileMath implements FloatTileMath {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> BITS = IntVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final VectorSpecies<Double> WIDE = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(WIDE.vectorBitSize() / 2));

  /** Of every so many-th element there is a sum. */
  private static final int SUMS = 8;

  /** Elements below which plain Java is faster. */
  private static final int FEW = 4 * SUMS;

  /** That so many sums fill. */
  private static final int REGISTERS = SUMS / WIDE.length();

  private static final FloatVector ROUND = FloatVector.broadcast(SPECIES, ROUNDER);

  private final OutOfLine exp = outOfLine("expTile");
  private final OutOfLine expm1 = outOfLine("expm1Tile");
  private final OutOfLine expOfMinus = outOfLine("expOfMinusTile");
  private final OutOfLine expOfDifference = outOfLine("expOfDifferenceTile");
  private final OutOfLine sumOfExps =
      OutOfLine.ofSum(MethodHandles.lookup(), this, "sumOfExpsTile");
  private final OutOfLine narrow =
      OutOfLine.ofNarrowing(MethodHandles.lookup(), this, "narrowTile");
  private final OutOfLine log1p = outOfLine("log1pTile");
  private final OutOfLine addTwice = outOfLine("addTwiceTile");
  private final OutOfLine splitOffPowers = outOfLine("splitOffPowersTile");
  private final OutOfLine addLogarithms = outOfLine("addLogarithmsTile");

  /** Negative where a formula does not hold. */
  private final int[] outside = new int[Tiles.SIZE];

  /**
   * Negative if any of these is. Asked by the callers: in the functions themselves a rare branch
   * would, the first time that it is taken, send the vectors to the interpreter, where they are
   * objects.
   */
  private int anyOutside;

  private final float[] rest = new float[Tiles.SIZE];
  private final float[] sums = new float[Tiles.SIZE];
  private final float[] low = new float[Tiles.SIZE];
  private final double[] eight = new double[SUMS];

  private OutOfLine outOfLine(String name) {
    return OutOfLine.of(MethodHandles.lookup(), this, name, float[].class);
  }

  @Override
  public void exp(float[] x, float[] out, int count) {
    exp.call(x, x, out, count);
    if (anyOutside < 0) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::exp);
    }
  }

  private void expTile(float[] x, float[] unused, float[] out, int count) {
    IntVector any = IntVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector rounded = v.fma(constant(LOG2_E), ROUND);
      IntVector exponent = exponent(rounded, 0);
      q(remainder(v, rounded.sub(ROUNDER))).add(1).mul(power(exponent)).intoArray(out, i);
      IntVector marks = marks(exponent, 1, LARGEST_EXPONENT);
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  @Override
  public void expm1(float[] x, float[] out, int count) {
    expm1.call(x, x, out, count);
    if (anyOutside < 0) {
      FloatTileMath.replaceMarked(outside, x, out, count, Math::expm1);
    }
  }

  private void expm1Tile(float[] x, float[] unused, float[] out, int count) {
    IntVector any = IntVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      FloatVector rounded = v.fma(constant(LOG2_E), ROUND);
      IntVector exponent = exponent(rounded, 0);
      FloatVector power = power(exponent);
      power.fma(q(remainder(v, rounded.sub(ROUNDER))), power.sub(1)).intoArray(out, i);
      IntVector marks = marks(exponent, LOWEST_EXPONENT, LARGEST_EXPONENT);
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  @Override
  public void expOfMinus(float[] x, float[] out, int count) {
    expOfMinus.call(x, x, out, count);
  }

  private void expOfMinusTile(float[] x, float[] unused, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector y = FloatVector.fromArray(SPECIES, x, i).abs().neg();
      // Not max(), which takes three times as many instructions for the sake of NaN and −0.
      FloatVector d = y.blend(constant(EXP_UNDERFLOW), y.lt(EXP_UNDERFLOW));
      FloatVector rounded = d.fma(constant(LOG2_E), constant(EXP_ROUNDER));
      FloatVector q = q(remainder(d, rounded.sub(EXP_ROUNDER)));
      FloatVector power = shifted(rounded.reinterpretAsInts());
      power.fma(q, power).mul(EXP_UNSCALE).intoArray(out, i);
    }
  }

  @Override
  public void expOfDifference(float[] z, float[] max, float[] out, int count) {
    expOfDifference.call(z, max, out, count);
  }

  private void expOfDifferenceTile(float[] z, float[] max, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector m = FloatVector.fromArray(SPECIES, max, i);
      expOfDifference(FloatVector.fromArray(SPECIES, z, i), m).intoArray(out, i);
    }
  }

  private static FloatVector expOfDifference(FloatVector z, FloatVector m) {
    FloatVector low = m.add(EXP_UNDERFLOW);
    // Not max(), which takes three times as many instructions for the sake of NaN and −0.
    FloatVector x = z.blend(low, z.lt(low));
    FloatVector d = x.sub(m);
    FloatVector back = x.sub(d);
    FloatVector lost = x.sub(d.add(back)).add(back.sub(m));
    FloatVector rounded = d.fma(constant(LOG2_E), constant(EXP_ROUNDER));
    FloatVector q = q(remainder(d, rounded.sub(EXP_ROUNDER)).add(lost));
    FloatVector power = shifted(rounded.reinterpretAsInts());
    return power.fma(q, power);
  }

  private static FloatVector constant(float c) {
    return FloatVector.broadcast(SPECIES, c);
  }

  private static FloatVector remainder(FloatVector x, FloatVector k) {
    return k.fma(constant(-LN2_MIDDLE), k.fma(constant(-LN2_HIGH), x));
  }

  private static FloatVector q(FloatVector r) {
    FloatVector p = constant(P4);
    p = p.fma(r, constant(P3));
    p = p.fma(r, constant(P2));
    p = p.fma(r, constant(P1));
    p = p.fma(r, constant(P0));
    return r.mul(r).fma(p, r);
  }

  private static FloatVector logOfOnePlus(FloatVector f) {
    FloatVector s = f.div(f.add(2));
    FloatVector z = s.mul(s);
    FloatVector q = constant(Q3);
    q = q.fma(z, constant(Q2));
    q = q.fma(z, constant(Q1));
    q = q.fma(z, constant(Q0));
    return s.neg().fma(z.neg().fma(q, f), f);
  }

  private static IntVector exponent(FloatVector rounded, int shift) {
    return rounded.reinterpretAsInts().sub(ROUNDER_BITS - BIAS - shift);
  }

  /** Negative where an exponent is below the lowest or above the largest. */
  private static IntVector marks(IntVector exponent, int lowest, int largest) {
    return exponent.sub(lowest).or(exponent.neg().add(largest));
  }

  private static FloatVector power(IntVector exponent) {
    return shifted(exponent.max(0));
  }

  /** Exponents to where they are in a number, whatever is above them. */
  private static FloatVector shifted(IntVector exponent) {
    return exponent.lanewise(VectorOperators.LSHL, FRACTION_BITS).reinterpretAsFloats();
  }

  @Override
  public void log1p(float[] t, float[] out, int count) {
    log1p.call(t, t, out, count);
  }

  private void log1pTile(float[] t, float[] unused, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      logOfOnePlus(FloatVector.fromArray(SPECIES, t, i)).intoArray(out, i);
    }
  }

  /** That of 2^k in x = 2^k·m with √½ ≤ m < √2. */
  private static IntVector biasedExponent(IntVector bits) {
    return bits.sub(SQRT_HALF_BITS - (BIAS << FRACTION_BITS))
        .lanewise(VectorOperators.LSHR, FRACTION_BITS);
  }

  /** That m. */
  private static FloatVector fraction(IntVector bits, IntVector biasedExponent) {
    IntVector k = biasedExponent.sub(BIAS);
    return bits.sub(k.lanewise(VectorOperators.LSHL, FRACTION_BITS)).reinterpretAsFloats();
  }

  @Override
  public void logExpm1(float[] x, float[] lost, float[] out, int count) {
    // In three functions: what one of this size makes does not all stay in registers.
    addTwice.call(x, lost, out, count);
    splitOffPowers.call(x, lost, out, count);
    addLogarithms.call(x, lost, out, count);
    if (anyOutside < 0) {
      FloatTileMath.replaceMarked(outside, x, out, count, v -> v < 1 ? Math.log(v) : v);
    }
  }

  /**
   * Leaves r in {@code rest}, 2w in {@code sums}, and what that misses of itself in {@code low}.
   */
  private void addTwiceTile(float[] x, float[] lost, float[] unused, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector y = FloatVector.fromArray(SPECIES, x, i).neg();
      FloatVector rounded = y.fma(constant(LOG2_E), ROUND);
      FloatVector k = rounded.sub(ROUNDER);
      FloatVector r = k.fma(constant(-LN2_LOW), remainder(y, k));
      r = r.sub(FloatVector.fromArray(SPECIES, lost, i));
      r.intoArray(rest, i);
      // Infinity where it is too large, which the second loop sees.
      FloatVector power = power(exponent(rounded, 1).min(LARGEST_EXPONENT + 1));
      FloatVector high = power.neg().add(2);
      FloatVector product = power.neg().mul(q(r));
      FloatVector sum = high.add(product);
      sum.intoArray(sums, i);
      product.sub(sum.sub(high)).div(sum).intoArray(low, i);
    }
  }

  /**
   * Leaves m − 1 in {@code sums}, the multiple of ln 2 in {@code rest}, and what is small beside
   * both in {@code low}.
   */
  private void splitOffPowersTile(float[] x, float[] unused, float[] unusedToo, int count) {
    IntVector any = IntVector.zero(BITS);
    for (int i = 0; i < count; i += LANES) {
      FloatVector rounded = FloatVector.fromArray(SPECIES, x, i).neg().fma(constant(LOG2_E), ROUND);
      FloatVector k = rounded.sub(ROUNDER);
      IntVector bits = FloatVector.fromArray(SPECIES, sums, i).reinterpretAsInts();
      IntVector exponent = biasedExponent(bits);
      fraction(bits, exponent).sub(1).intoArray(sums, i);
      FloatVector n =
          exponent.add(ROUNDER_BITS - BIAS).reinterpretAsFloats().sub(ROUNDER).sub(k.add(1));
      n.fma(constant(LN2_MIDDLE), FloatVector.fromArray(SPECIES, low, i))
          .sub(FloatVector.fromArray(SPECIES, rest, i))
          .intoArray(low, i);
      n.intoArray(rest, i);
      IntVector marks = marks(exponent, 2, BIAS + 2).or(exponent(rounded, 1).sub(LOWEST_EXPONENT));
      marks.intoArray(outside, i);
      any = any.or(marks);
    }
    anyOutside = any.reduceLanes(VectorOperators.OR);
  }

  private void addLogarithmsTile(float[] unused, float[] unusedToo, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector log = logOfOnePlus(FloatVector.fromArray(SPECIES, sums, i));
      FloatVector n = FloatVector.fromArray(SPECIES, rest, i);
      n.fma(constant(LN2_HIGH), log.add(FloatVector.fromArray(SPECIES, low, i))).intoArray(out, i);
    }
  }

  /** In two registers, so that one need not wait for the other; the last overlaps those before. */
  @Override
  public float max(float[] x, int from, int count) {
    int end = from + count;
    if (count < LANES) {
      float max = x[from];
      for (int i = from + 1; i < end; i++) {
        max = Math.max(max, x[i]);
      }
      return max;
    }
    FloatVector largest = FloatVector.fromArray(SPECIES, x, from);
    FloatVector other = FloatVector.fromArray(SPECIES, x, end - LANES);
    int i = from + LANES;
    for (; i < end - 2 * LANES; i += 2 * LANES) {
      largest = largest.max(FloatVector.fromArray(SPECIES, x, i));
      other = other.max(FloatVector.fromArray(SPECIES, x, i + LANES));
    }
    for (; i < end - LANES; i += LANES) {
      largest = largest.max(FloatVector.fromArray(SPECIES, x, i));
    }
    return largest.max(other).reduceLanes(VectorOperators.MAX);
  }

  /** Eight sums are one register of 512 bits, or two of 256; narrower ones have plain Java's. */
  @Override
  public double sum(float[] x, int from, int count) {
    if (REGISTERS > 2 || count < FEW) {
      return FloatTileMath.super.sum(x, from, count);
    }
    DoubleVector low = DoubleVector.zero(WIDE);
    DoubleVector high = DoubleVector.zero(WIDE);
    int i = from;
    for (; i <= from + count - SUMS; i += SUMS) {
      low = low.add(wide(x, i));
      if (REGISTERS == 2) {
        high = high.add(wide(x, i + SUMS / 2));
      }
    }
    store(low, high);
    for (int j = 0; i < from + count; i++, j++) {
      eight[j] += x[i];
    }
    return total();
  }

  private static DoubleVector wide(float[] x, int i) {
    FloatVector half = FloatVector.fromArray(HALF, x, i);
    return (DoubleVector) half.convertShape(VectorOperators.F2D, WIDE, 0);
  }

  private void store(DoubleVector low, DoubleVector high) {
    low.intoArray(eight, 0);
    if (REGISTERS == 2) {
      high.intoArray(eight, SUMS / 2);
    }
  }

  /** Of the eight sums, which are no vector here, for that might become an object. */
  private double total() {
    double even = (eight[0] + eight[4]) + (eight[2] + eight[6]);
    double odd = (eight[1] + eight[5]) + (eight[3] + eight[7]);
    return even + odd;
  }

  @Override
  public double sumOfExps(float[] z, float max, float[] out, int count) {
    return REGISTERS <= 2
        ? sumOfExps.callForSum(z, max, out, count)
        : FloatTileMath.super.sumOfExps(z, max, out, count);
  }

  private double sumOfExpsTile(float[] z, float max, float[] out, int count) {
    // Behind the row, so that nothing is added there.
    Arrays.fill(z, count, Math.min(count + LANES, z.length), Float.NEGATIVE_INFINITY);
    DoubleVector low = DoubleVector.zero(WIDE);
    DoubleVector high = DoubleVector.zero(WIDE);
    for (int i = 0; i < count; i += LANES) {
      FloatVector exp = expOfDifference(FloatVector.fromArray(SPECIES, z, i), constant(max));
      exp.intoArray(out, i);
      // From memory, for half of a register is no cheap conversion.
      low = low.add(wide(out, i));
      DoubleVector second = wide(out, i + WIDE.length());
      if (REGISTERS == 2) {
        high = high.add(second);
      } else {
        low = low.add(second);
      }
    }
    store(low, high);
    return total();
  }

  @Override
  public void widen(float[] x, int from, int count, double[] out) {
    int i = 0;
    for (; i <= count - WIDE.length(); i += WIDE.length()) {
      FloatVector.fromArray(HALF, x, from + i)
          .convertShape(VectorOperators.F2D, WIDE, 0)
          .reinterpretAsDoubles()
          .intoArray(out, i);
    }
    for (; i < count; i++) {
      out[i] = x[from + i];
    }
  }

  @Override
  public void narrow(double[] x, int count, float[] out) {
    narrow.call(x, out, count);
  }

  private void narrowTile(double[] x, float[] out, int count) {
    for (int i = 0; i < count; i += WIDE.length()) {
      DoubleVector.fromArray(WIDE, x, i)
          .convertShape(VectorOperators.D2F, HALF, 0)
          .reinterpretAsFloats()
          .intoArray(out, i);
    }
  }
}
