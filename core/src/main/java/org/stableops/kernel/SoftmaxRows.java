package org.stableops.kernel;

import java.util.Arrays;

/**
 * Sweeps contiguous rows of logits: finds of each row the largest logit m and Σ e^{z − m}, then
 * shows it to a visitor block by block, with the exponentials.
 *
 * <p>The difference z − m is rounded; e^d·(1 + lost) puts back what it lost. Rows up to a tile long
 * are swept many at a time; longer ones in blocks, with the exponentials computed once more for the
 * visit.
 */
final class SoftmaxRows {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  /** What is made of the rows. It is called by many threads, each with its own rows. */
  interface Visitor {
    /** Whether the row counts; one that does not is never shown, and its results are 0. */
    default boolean counts(int row) {
      return true;
    }

    /** Adds to {@code live} and {@code sum} what the visit will need of the whole row. */
    default void survey(RowBlock block, Scratch scratch) {}

    /** Sees what is known of a whole row, before its blocks. */
    default void row(RowBlock row) {}

    /** Whether {@link #block} is wanted at all. */
    default boolean wantsBlocks() {
      return true;
    }

    /** Sees a block, and leaves its results, if there are any, in the thread's tile out. */
    void block(RowBlock block, Scratch scratch);
  }

  private final Elements logits;
  private final int classes;
  private final Elements out;
  private final Visitor visitor;

  private SoftmaxRows(Elements logits, int classes, Elements out, Visitor visitor) {
    this.logits = logits;
    this.classes = classes;
    this.out = out;
    this.visitor = visitor;
  }

  /** Shows all rows; {@code out}, as long as the logits, takes the results, or is null. */
  static void sweep(Elements logits, int rows, int classes, Elements out, Visitor visitor) {
    new SoftmaxRows(logits, classes, out, visitor).sweep(rows);
  }

  private void sweep(int rows) {
    long elements = (long) rows * classes;
    if (classes > Tiles.SIZE) {
      Tiles.forEach(rows, elements, this::longRow);
    } else {
      int rowsInTile = Tiles.SIZE / Math.max(1, classes);
      int tiles = (rows + rowsInTile - 1) / rowsInTile;
      Tiles.forEach(
          tiles,
          elements,
          (tile, scratch) -> {
            int first = tile * rowsInTile;
            shortRows(first, Math.min(rowsInTile, rows - first), scratch);
          });
    }
  }

  private void shortRows(int first, int rows, Scratch scratch) {
    double[] z = scratch.in;
    double[] t = scratch.a;
    int count = rows * classes;
    logits.load(first * classes, count, z, scratch);
    for (int r = 0; r < rows; r++) {
      int argmax = argmax(z, r * classes, classes);
      scratch.indices[r] = argmax;
      subtract(z, r * classes, classes, z[argmax], t);
    }
    TileMath.INSTANCE.exp(t, t, count);
    for (int r = 0; r < rows; r++) {
      RowBlock block = scratch.block;
      block.setRow(first + r);
      block.setClasses(0, r * classes, classes);
      if (visitor.counts(block.row)) {
        block.argmax = scratch.indices[r] - block.from;
        block.max = z[scratch.indices[r]];
        restoreLost(block);
        block.rest = guarded(block.max, survey(block, scratch));
        visitor.row(block);
        visitor.block(block, scratch);
      } else {
        Arrays.fill(scratch.out, block.from, block.from + classes, 0);
      }
    }
    if (out != null) {
      out.store(scratch.out, first * classes, count, scratch);
    }
  }

  private void longRow(int row, Scratch scratch) {
    RowBlock block = scratch.block;
    block.setRow(row);
    boolean counts = visitor.counts(row);
    if (counts) {
      findMaximum(block, scratch);
      double rest = 0;
      for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
        loadExps(firstClass, block, scratch);
        rest += survey(block, scratch);
      }
      block.rest = guarded(block.max, rest);
      visitor.row(block);
    }
    if (out != null || (counts && visitor.wantsBlocks())) {
      for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
        visit(firstClass, counts, block, scratch);
      }
    }
  }

  private void visit(int firstClass, boolean counts, RowBlock block, Scratch scratch) {
    if (counts) {
      loadExps(firstClass, block, scratch);
      keepMaximum(block);
      visitor.block(block, scratch);
    } else {
      block.setClasses(firstClass, 0, blockSize(firstClass));
      Arrays.fill(scratch.out, 0, block.count, 0);
    }
    if (out != null) {
      out.store(scratch.out, block.row * classes + firstClass, block.count, scratch);
    }
  }

  private int blockSize(int firstClass) {
    return Math.min(Tiles.SIZE, classes - firstClass);
  }

  private void findMaximum(RowBlock block, Scratch scratch) {
    block.argmax = 0;
    block.max = Double.NEGATIVE_INFINITY;
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      int count = blockSize(firstClass);
      logits.load(block.row * classes + firstClass, count, scratch.in, scratch);
      int argmax = argmax(scratch.in, 0, count);
      if (isAbove(scratch.in[argmax], block.max)) {
        block.argmax = firstClass + argmax;
        block.max = scratch.in[argmax];
      }
    }
  }

  private void loadExps(int firstClass, RowBlock block, Scratch scratch) {
    double[] t = scratch.a;
    int count = blockSize(firstClass);
    block.setClasses(firstClass, 0, count);
    logits.load(block.row * classes + firstClass, count, scratch.in, scratch);
    subtract(scratch.in, 0, count, block.max, t);
    TileMath.INSTANCE.exp(t, t, count);
    restoreLost(block);
  }

  /** The place of the largest element, or of a NaN. */
  private static int argmax(double[] z, int from, int count) {
    int best = from;
    for (int i = from + 1; i < from + count; i++) {
      if (isAbove(z[i], z[best])) {
        best = i;
      }
    }
    return best;
  }

  private static boolean isAbove(double z, double best) {
    return z > best || Double.isNaN(z);
  }

  private static void subtract(double[] z, int from, int count, double max, double[] difference) {
    for (int i = from; i < from + count; i++) {
      difference[i] = z[i] - max;
    }
  }

  /** Multiplies e^d by 1 + (z − max − d), d being the rounded difference. */
  private static void restoreLost(RowBlock block) {
    double[] z = block.logits;
    double[] exps = block.exps;
    double max = block.max;
    for (int i = block.from; i < block.from + block.count; i++) {
      double d = z[i] - max;
      double back = z[i] - d;
      double lost = (z[i] - (d + back)) + (back - max);
      exps[i] = d > UNDERFLOW ? Math.fma(exps[i], lost, exps[i]) : exps[i];
    }
  }

  /** Lets the visitor survey a block, and returns its Σ e^{z − max} without the maximum's term. */
  private double survey(RowBlock block, Scratch scratch) {
    visitor.survey(block, scratch);
    int i = block.indexOf(block.argmax);
    if (i >= 0) {
      block.exps[i] = 0;
    }
    double sum = Sums.pairwise(block.exps, block.from, block.count, scratch.b);
    keepMaximum(block);
    return sum;
  }

  /** The maximum's own term is 1, also where it is infinite and its difference to itself is not. */
  private static void keepMaximum(RowBlock block) {
    int i = block.indexOf(block.argmax);
    if (i >= 0) {
      block.exps[i] = 1;
    }
  }

  /** A row without a number to start from, or with −inf everywhere, is NaN. */
  private static double guarded(double max, double rest) {
    return max > Double.NEGATIVE_INFINITY ? rest : Double.NaN;
  }
}
