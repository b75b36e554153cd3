package org.stableops.internal;

/**
 * Cuts the rows of an array into blocks. What a composite needs beside its input and its result is
 * then a few megabytes, however large they are, and stays in the caches.
 */
public final class Blocks {
  private Blocks() {}

  /** What is done with the rows from one number to below another. */
  @FunctionalInterface
  public interface Block {
    /**
     * Computes some rows.
     *
     * @param from the first row
     * @param to the row after the last
     */
    void run(long from, long to);
  }

  /**
   * Runs through all rows. Where two rows fit into a block and there are two, no block has a single
   * one.
   *
   * @param rows their number
   * @param rowLength the elements of a row
   * @param elements of a block, at most, if a row is no longer
   * @param block what to do
   */
  public static void forEach(long rows, long rowLength, long elements, Block block) {
    long blocks = count(rows, rowLength, elements);
    for (long i = 0; i < blocks; i++) {
      block.run(start(rows, blocks, i), start(rows, blocks, i + 1));
    }
  }

  /**
   * Returns the number of blocks.
   *
   * @param rows their number
   * @param rowLength the elements of a row
   * @param elements of a block, at most, if a row is no longer
   * @return how often a block is run
   */
  public static long count(long rows, long rowLength, long elements) {
    long rowsOfBlock = Math.max(1, elements / Math.max(1, rowLength));
    return (rows + rowsOfBlock - 1) / rowsOfBlock;
  }

  /**
   * Returns the size of the largest block.
   *
   * @param rows their number
   * @param rowLength the elements of a row
   * @param elements of a block, at most, if a row is no longer
   * @return its rows, 0 if there is none
   */
  public static long most(long rows, long rowLength, long elements) {
    long blocks = count(rows, rowLength, elements);
    return blocks == 0 ? 0 : start(rows, blocks, 1);
  }

  /** Blocks of nearly the same size, the larger ones first. */
  private static long start(long rows, long blocks, long i) {
    return rows / blocks * i + Math.min(i, rows % blocks);
  }
}
