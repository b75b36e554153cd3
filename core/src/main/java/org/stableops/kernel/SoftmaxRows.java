package org.stableops.kernel;

/**
 * Sweeps contiguous rows of logits: finds of each row the largest logit m and Σ e^{z − m}, then
 * shows it to a visitor block by block, with the exponentials.
 *
 * <p>Short rows are swept many at a time. Those longer than a tile are read in blocks, three times:
 * for the maximum, for the exponentials, which are parked where the results will be, and for the
 * visit. Where the results overwrite the logits, or have not the digits of the exponentials, these
 * are computed twice instead.
 */
final class SoftmaxRows {
  /** Rows from this length on are swept one at a time, unless they lie across memory. */
  private static final int ROW = 128;

  /** What is made of the rows. It is called by many threads, each with its own rows. */
  interface Visitor {
    /** Whether the row counts; one that does not is never shown, and its results are 0. */
    default boolean counts(int row) {
      return true;
    }

    /** Whether exponentials of floats are wanted to the digits of double. */
    default boolean isWide() {
      return false;
    }

    /**
     * Sees a block with the largest logit so far, before any survey; at last the largest of all.
     */
    default void largest(RowBlock block) {}

    /** Adds to {@code live} and {@code sum} what the visit will need of the whole row. */
    default void survey(RowBlock block, Scratch scratch) {}

    /** Sees what is known of a whole row, before its blocks. */
    default void row(RowBlock row) {}

    /** Whether {@code block} is wanted at all. */
    default boolean wantsBlocks() {
      return true;
    }

    /** Sees a block, with its exponentials if results are wanted, and sets the results. */
    void block(RowBlock block, Scratch scratch);
  }

  private final Elements logits;
  private final int classes;
  private final Elements out;
  private final boolean parksExps;
  private final Visitor visitor;

  private SoftmaxRows(Elements logits, int classes, Elements out, Visitor visitor) {
    this.logits = logits;
    this.classes = classes;
    this.out = out;
    this.parksExps = out != null && out != logits && !visitor.isWide();
    this.visitor = visitor;
  }

  /**
   * Shows all rows; {@code out}, like the logits or these themselves, takes the results, or is
   * null.
   */
  static void sweep(Elements logits, int rows, int classes, Elements out, Visitor visitor) {
    new SoftmaxRows(logits, classes, out, visitor).sweep(rows);
  }

  private void sweep(int rows) {
    if (classes > Tiles.SIZE) {
      Tiles.forEach(rows, this::longRow);
    } else if (classes >= ROW && logits.isContiguous()) {
      Tiles.forEach(rows, this::row);
    } else {
      int rowsInTile = Tiles.SIZE / Math.max(1, classes);
      int tiles = (rows + rowsInTile - 1) / rowsInTile;
      Tiles.forEach(
          tiles,
          (tile, scratch) -> {
            int first = tile * rowsInTile;
            shortRows(first, Math.min(rowsInTile, rows - first), scratch);
          });
    }
  }

  private RowBlock block(Scratch scratch) {
    return logits.areFloats() && !visitor.isWide() ? scratch.floatRow : scratch.doubleRow;
  }

  private void shortRows(int first, int rows, Scratch scratch) {
    RowBlock block = block(scratch);
    int count = rows * classes;
    block.loadLogits(logits, first * classes, count);
    block.hasMax = true;
    for (int r = 0; r < rows; r++) {
      block.setClasses(0, r * classes, classes);
      block.max = block.findMax();
      block.setMax();
      scratch.maxima[r] = block.max;
    }
    block.computeExps(count);
    for (int r = 0; r < rows; r++) {
      block.setRow(first + r);
      block.setClasses(0, r * classes, classes);
      block.max = scratch.maxima[r];
      shortRow(block, scratch);
    }
    if (out != null) {
      block.storeResults(out, first * classes, count);
    }
  }

  private void shortRow(RowBlock block, Scratch scratch) {
    if (!visitor.counts(block.row)) {
      block.clearResults();
      return;
    }
    block.repairExps();
    visitor.largest(block);
    visitor.survey(block, scratch);
    block.rest = guarded(block.max, block.sumOfOthers());
    visitor.row(block);
    visitor.block(block, scratch);
  }

  private void row(int row, Scratch scratch) {
    RowBlock block = block(scratch);
    block.setRow(row);
    load(0, block);
    block.hasMax = true;
    block.max = block.findMax();
    if (visitor.counts(row)) {
      block.computeBlockExps();
    }
    shortRow(block, scratch);
    if (out != null) {
      block.storeResults(out, at(block), classes);
    }
  }

  private void longRow(int row, Scratch scratch) {
    RowBlock block = block(scratch);
    block.setRow(row);
    boolean counts = visitor.counts(row);
    int maxBlock = 0;
    if (counts) {
      maxBlock = findMax(block);
      sumExps(maxBlock, block, scratch);
      visitor.row(block);
    }
    if (out != null || (counts && visitor.wantsBlocks())) {
      for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
        block.hasMax = firstClass == maxBlock;
        visit(firstClass, counts, block, scratch);
      }
    }
  }

  /** Finds the maximum and tells the first class of the block that it is in. */
  private int findMax(RowBlock block) {
    int maxBlock = 0;
    double max = Double.NEGATIVE_INFINITY;
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      load(firstClass, block);
      block.max = block.findMax();
      if (block.max > max) {
        maxBlock = firstClass;
        visitor.largest(block);
      }
      max = Math.max(max, block.max);
    }
    block.max = max;
    return maxBlock;
  }

  private void sumExps(int maxBlock, RowBlock block, Scratch scratch) {
    double rest = 0;
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      load(firstClass, block);
      block.hasMax = firstClass == maxBlock;
      computeExps(block);
      visitor.survey(block, scratch);
      rest += block.sumOfOthers();
      if (parksExps) {
        block.storeExps(out, at(block), block.count);
      }
    }
    block.rest = guarded(block.max, rest);
  }

  private void visit(int firstClass, boolean counts, RowBlock block, Scratch scratch) {
    load(firstClass, block);
    if (!counts) {
      block.clearResults();
    } else {
      if (parksExps) {
        block.loadExps(out, at(block), block.count);
      } else if (out != null) {
        computeExps(block);
      }
      visitor.block(block, scratch);
    }
    if (out != null) {
      block.storeResults(out, at(block), block.count);
    }
  }

  private void load(int firstClass, RowBlock block) {
    block.setClasses(firstClass, 0, Math.min(Tiles.SIZE, classes - firstClass));
    block.loadLogits(logits, at(block), block.count);
  }

  private static void computeExps(RowBlock block) {
    block.computeBlockExps();
    block.repairExps();
  }

  private int at(RowBlock block) {
    return block.row * classes + block.firstClass;
  }

  /** A row without a number to start from, or with −inf everywhere, is NaN. */
  private static double guarded(double max, double rest) {
    return max > Double.NEGATIVE_INFINITY ? rest : Double.NaN;
  }
}
