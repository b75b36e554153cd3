package org.stableops.op;

/**
 * Numbers in rows, of which float32 is rounded by whoever computes.
 *
 * @param columns the length of a row
 * @param isDouble whether it is float64
 */
record PlainArray(double[] elements, int columns, boolean isDouble) {
  static PlainArray of(boolean isDouble, double... elements) {
    return new PlainArray(elements, elements.length, isDouble);
  }
}
