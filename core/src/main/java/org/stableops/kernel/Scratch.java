package org.stableops.kernel;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Tiles, small enough to stay in a cache, for one thread at a time. They are lent and given back,
 * and never freed: as many as have been needed at once. The threads of the common pool cannot keep
 * them, for the JVM clears their thread locals after every task.
 */
final class Scratch implements AutoCloseable {
  /** Those that nobody uses. */
  static final Queue<Scratch> FREE = new ConcurrentLinkedQueue<>();

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
  final double[] e = new double[Tiles.SIZE];

  /** Of the elements, the parameters, where these are an array. */
  final double[] parameter = new double[Tiles.SIZE];

  /** Of the elements, what a loss takes beside argument and target. */
  final double[] companion = new double[Tiles.SIZE];

  /** Of the rows in a tile, the largest elements. */
  final double[] maxima = new double[Tiles.SIZE];

  final FloatRowBlock floatRow = new FloatRowBlock(this);
  final DoubleRowBlock doubleRow = new DoubleRowBlock(this);

  private Scratch() {}

  /** Lends tiles, in which anything may be. */
  static Scratch borrow() {
    Scratch scratch = FREE.poll();
    return scratch == null ? new Scratch() : scratch;
  }

  /** Gives them back. */
  @Override
  public void close() {
    FREE.add(this);
  }
}
