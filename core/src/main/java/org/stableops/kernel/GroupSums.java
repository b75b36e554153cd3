package org.stableops.kernel;

/**
 * Sums of numbers that are computed a tile at a time, in groups of rows of columns: the sum of each
 * column over a group's rows, pairwise. A tile is some groups, or a part of one; its sums depend on
 * nothing else, so that the number of threads changes no bit.
 */
final class GroupSums {
  private final int length;
  private final int columns;
  private final int groups;
  private final Terms terms;

  /** Leaves numbers {@code from} to {@code from + count − 1} in {@code scratch.out}. */
  @FunctionalInterface
  interface Terms {
    void compute(int from, int count, Scratch scratch);
  }

  /** Sums of {@code groups × length × columns} numbers, of which there is at least one. */
  GroupSums(int size, int length, int columns, Terms terms) {
    this.length = length;
    this.columns = columns;
    this.groups = size / (length * columns);
    this.terms = terms;
  }

  /** Writes {@code groups × columns} sums. */
  void write(Elements out) {
    if (length * columns <= Tiles.SIZE) {
      sumWholeGroups(out);
    } else {
      out.setAll(sumsOfParts());
    }
  }

  private void sumWholeGroups(Elements out) {
    int group = length * columns;
    int perTile = Tiles.SIZE / group;
    Tiles.forEach(
        (groups + perTile - 1) / perTile,
        (tile, scratch) -> {
          int first = tile * perTile;
          int count = Math.min(perTile, groups - first);
          terms.compute(first * group, count * group, scratch);
          for (int g = 0; length > 1 && g < count; g++) {
            Sums.rows(scratch.out, g * group, length, columns, scratch.a);
            System.arraycopy(scratch.out, g * group, scratch.out, g * columns, columns);
          }
          out.store(scratch.out, first * columns, count * columns, scratch);
        });
  }

  private double[] sumsOfParts() {
    int rows = Tiles.SIZE / columns;
    int parts = (length + rows - 1) / rows;
    double[] sums = new double[groups * parts * columns];
    Tiles.forEach(
        groups * parts,
        (task, scratch) -> {
          int first = task % parts * rows;
          int count = Math.min(rows, length - first);
          terms.compute((task / parts * length + first) * columns, count * columns, scratch);
          Sums.rows(scratch.out, 0, count, columns, scratch.a);
          System.arraycopy(scratch.out, 0, sums, task * columns, columns);
        });
    double[] other = new double[parts * columns];
    double[] result = new double[groups * columns];
    for (int g = 0; g < groups; g++) {
      Sums.rows(sums, g * parts * columns, parts, columns, other);
      System.arraycopy(sums, g * parts * columns, result, g * columns, columns);
    }
    return result;
  }
}
