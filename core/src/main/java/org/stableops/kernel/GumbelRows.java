package org.stableops.kernel;

/**
 * Sweeps rows of logits and noise: shows each row to a visitor block by block, with its
 * exponentials and their sum.
 *
 * <p>Short rows are swept many at a time. Those longer than a tile are read in blocks, three times:
 * for the maximum, for the sums, and for the results.
 */
final class GumbelRows {
  /** What is made of the rows. It is called by many threads, each with its own rows. */
  interface Visitor {
    /** Notes what it needs of a row whose largest element is known. */
    default void row(GumbelBlock row) {}

    /** Adds to the row's sum. */
    default void survey(GumbelBlock block) {}

    /** Sets the results of a block, of whose row the sums are known. */
    void block(GumbelBlock block);
  }

  private final Elements logits;
  private final Elements gumbels;
  private final double temperature;
  private final int classes;
  private final Elements out;
  private final Visitor visitor;

  GumbelRows(
      Elements logits,
      Elements gumbels,
      double temperature,
      int classes,
      Elements out,
      Visitor visitor) {
    this.logits = logits;
    this.gumbels = gumbels;
    this.temperature = temperature;
    this.classes = classes;
    this.out = out;
    this.visitor = visitor;
  }

  void sweep(int rows) {
    if (classes > Tiles.SIZE) {
      Tiles.forEach(rows, this::longRow);
      return;
    }
    int rowsInTile = Tiles.SIZE / Math.max(1, classes);
    Tiles.forEach(
        (rows + rowsInTile - 1) / rowsInTile,
        (tile, scratch) -> {
          int first = tile * rowsInTile;
          shortRows(first, Math.min(rowsInTile, rows - first), scratch);
        });
  }

  private void shortRows(int first, int rows, Scratch scratch) {
    GumbelBlock block = new GumbelBlock(scratch, temperature);
    block.load(logits, gumbels, first * classes, rows * classes);
    for (int r = 0; r < rows; r++) {
      block.setClasses(0, r * classes, classes);
      block.startMax();
      block.findMax();
      block.setQuotients();
      scratch.maxima[r] = block.largest;
    }
    block.computeExps(rows * classes);
    for (int r = 0; r < rows; r++) {
      block.setRow(first + r);
      block.setClasses(0, r * classes, classes);
      block.largest = (int) scratch.maxima[r];
      visitor.row(block);
      sum(block);
      visitor.block(block);
    }
    out.store(block.results, first * classes, rows * classes, scratch);
  }

  private void longRow(int row, Scratch scratch) {
    GumbelBlock block = new GumbelBlock(scratch, temperature);
    block.setRow(row);
    block.startMax();
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      load(firstClass, block);
      block.findMax();
    }
    visitor.row(block);
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      computeExps(firstClass, block);
      sum(block);
    }
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      computeExps(firstClass, block);
      visitor.block(block);
      out.store(block.results, row * classes + firstClass, block.count, scratch);
    }
  }

  private void load(int firstClass, GumbelBlock block) {
    block.setClasses(firstClass, 0, Math.min(Tiles.SIZE, classes - firstClass));
    block.load(logits, gumbels, block.row * classes + firstClass, block.count);
  }

  private void computeExps(int firstClass, GumbelBlock block) {
    load(firstClass, block);
    block.setQuotients();
    block.computeExps(block.count);
  }

  private void sum(GumbelBlock block) {
    block.addRest();
    visitor.survey(block);
  }
}
