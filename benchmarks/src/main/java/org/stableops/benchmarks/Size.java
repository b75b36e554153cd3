package org.stableops.benchmarks;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The shape of what is worked on: a vector or a matrix.
 *
 * @param rows 1 for a vector
 * @param columns of a matrix; the elements of a vector
 */
record Size(int rows, int columns) {
  static final Size SMALL = new Size(64, 10);
  static final Size NARROW = new Size(8192, 10);
  static final Size WIDE = new Size(4096, 1000);
  static final Size VOCABULARY = new Size(256, 50257);

  static final List<Size> MATRICES = List.of(SMALL, NARROW, WIDE, VOCABULARY);

  /** Vectors of 2^4 to 2^24 elements, and matrices. */
  static final List<Size> ALL =
      Stream.concat(
              IntStream.iterate(4, exponent -> exponent <= 24, exponent -> exponent + 4)
                  .mapToObj(Size::power),
              MATRICES.stream())
          .toList();

  /** The vector of 2^exponent elements. */
  static Size power(int exponent) {
    return new Size(1, 1 << exponent);
  }

  /** What toString gives. */
  static Size parse(String text) {
    return ALL.stream().filter(size -> size.toString().equals(text)).findFirst().orElseThrow();
  }

  int elements() {
    return rows * columns;
  }

  boolean isMatrix() {
    return rows > 1;
  }

  long[] shape() {
    return isMatrix() ? new long[] {rows, columns} : new long[] {columns};
  }

  @Override
  public String toString() {
    return isMatrix()
        ? "[%d×%d]".formatted(rows, columns)
        : "2^" + Integer.numberOfTrailingZeros(columns);
  }
}
