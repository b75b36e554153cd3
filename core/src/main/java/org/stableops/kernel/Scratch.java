package org.stableops.kernel;

/** A thread's own tiles, small enough to stay in its cache, never shared and never freed. */
final class Scratch {
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  final FloatTileMath floatMath = Simd.floatTileMath();
  final DoubleTileMath doubleMath = Simd.doubleTileMath();

  /** What a kernel reads, what it writes, and intermediates. */
  final float[] floatIn = new float[Tiles.SIZE];

  final float[] floatOut = new float[Tiles.SIZE];
  final float[] floatA = new float[Tiles.SIZE];
  final float[] floatB = new float[Tiles.SIZE];

  final double[] in = new double[Tiles.SIZE];
  final double[] out = new double[Tiles.SIZE];
  final double[] a = new double[Tiles.SIZE];
  final double[] b = new double[Tiles.SIZE];
  final double[] c = new double[Tiles.SIZE];
  final double[] d = new double[Tiles.SIZE];

  /** Of the rows in a tile, the largest elements. */
  final double[] maxima = new double[Tiles.SIZE];

  final FloatRowBlock floatRow = new FloatRowBlock(this);
  final DoubleRowBlock doubleRow = new DoubleRowBlock(this);

  private Scratch() {}

  static Scratch ofThread() {
    return OF_THREAD.get();
  }
}
