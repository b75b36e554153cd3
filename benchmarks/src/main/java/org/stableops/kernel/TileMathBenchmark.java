package org.stableops.kernel;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Nanoseconds an element of the kernels' elementary functions, beside those of {@link Math}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Tiles.SIZE)
@Warmup(iterations = 12, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class TileMathBenchmark {
  /** Which function. */
  public enum Function {
    /** e^x. */
    EXP(Math::exp),
    /** e^x − 1. */
    EXPM1(Math::expm1),
    /** log(1 + t). */
    LOG1P(Math::log1p),
    /** log(e^x − 1). */
    LOG_EXPM1(x -> x + Math.log(-Math.expm1(-x))),
    /** e^{z − max}. */
    EXP_OF_DIFFERENCE(Math::exp);

    final DoubleUnaryOperator scalar;

    Function(DoubleUnaryOperator scalar) {
      this.scalar = scalar;
    }
  }

  /** Whose. */
  public enum Implementation {
    /** {@link Math}, an element at a time. */
    MATH,
    /** Loops that C2 vectorises. */
    PLAIN,
    /** The Vector API. */
    VECTOR_API
  }

  @Param private Function function;
  @Param private Implementation implementation;

  private final float[] floats = new float[Tiles.SIZE];
  private final float[] floatZeros = new float[Tiles.SIZE];
  private final float[] floatOut = new float[Tiles.SIZE];
  private final double[] doubles = new double[Tiles.SIZE];
  private final double[] zeros = new double[Tiles.SIZE];
  private final double[] out = new double[Tiles.SIZE];
  private FloatTileMath floatMath;
  private DoubleTileMath doubleMath;

  /** Creates the state; JMH does. */
  public TileMathBenchmark() {}

  /** Draws the arguments. */
  @Setup
  public void setUp() {
    boolean isVector = implementation == Implementation.VECTOR_API;
    floatMath = isVector ? Simd.floatTileMath() : new JavaFloatTileMath();
    doubleMath = isVector ? Simd.doubleTileMath() : new JavaDoubleTileMath();
    SplittableRandom random = new SplittableRandom();
    double from = function == Function.EXP_OF_DIFFERENCE ? -20 : 0;
    double to = from < 0 ? 0 : function == Function.LOG1P ? 1 : 10;
    for (int i = 0; i < Tiles.SIZE; i++) {
      doubles[i] = random.nextDouble(from, to);
      floats[i] = (float) doubles[i];
    }
  }

  /**
   * Computes a tile of floats.
   *
   * @return the results
   */
  @Benchmark
  public float[] floats() {
    if (implementation == Implementation.MATH) {
      for (int i = 0; i < Tiles.SIZE; i++) {
        floatOut[i] = (float) function.scalar.applyAsDouble(floats[i]);
      }
      return floatOut;
    }
    switch (function) {
      case EXP -> floatMath.exp(floats, floatOut, Tiles.SIZE);
      case EXPM1 -> floatMath.expm1(floats, floatOut, Tiles.SIZE);
      case LOG1P -> floatMath.log1p(floats, floatOut, Tiles.SIZE);
      case LOG_EXPM1 -> floatMath.logExpm1(floats, floatZeros, floatOut, Tiles.SIZE);
      default -> floatMath.expOfDifference(floats, floatZeros, floatOut, Tiles.SIZE);
    }
    return floatOut;
  }

  /**
   * Computes a tile of doubles.
   *
   * @return the results
   */
  @Benchmark
  public double[] doubles() {
    if (implementation == Implementation.MATH) {
      for (int i = 0; i < Tiles.SIZE; i++) {
        out[i] = function.scalar.applyAsDouble(doubles[i]);
      }
      return out;
    }
    switch (function) {
      case EXP -> doubleMath.exp(doubles, out, Tiles.SIZE);
      case EXPM1 -> doubleMath.expm1(doubles, out, Tiles.SIZE);
      case LOG1P -> doubleMath.log1p(doubles, out, Tiles.SIZE);
      case LOG_EXPM1 -> doubleMath.logExpm1(doubles, zeros, out, Tiles.SIZE);
      default -> doubleMath.expOfDifference(doubles, zeros, out, Tiles.SIZE);
    }
    return out;
  }
}
