package org.stableops.kernel;

/** A thread's own tiles, small enough to stay in its L1 cache, never shared and never freed. */
final class Scratch {
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  /** What a kernel reads, and what it writes. */
  final double[] in = new double[Tiles.SIZE];

  final double[] out = new double[Tiles.SIZE];

  /** Intermediates. */
  final double[] a = new double[Tiles.SIZE];

  final double[] b = new double[Tiles.SIZE];
  final double[] c = new double[Tiles.SIZE];
  final int[] indices = new int[Tiles.SIZE];

  /** The row that a cross-entropy sweep is at. */
  final RowBlock block = new RowBlock(in, a);

  /** Float elements on their way into or out of a double tile. */
  final float[] floats = new float[Tiles.SIZE];

  private Scratch() {}

  static Scratch ofThread() {
    return OF_THREAD.get();
  }
}
