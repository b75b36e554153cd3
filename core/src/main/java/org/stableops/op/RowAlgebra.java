package org.stableops.op;

/**
 * Arithmetic on arrays of rows × classes, and on columns, of which each row has one element: beside
 * rows, the element of a column stands for its whole row.
 *
 * @param <A> the host's arrays
 */
public interface RowAlgebra<A> extends Algebra<A> {
  /** The number of elements of a row. */
  long classes(A rows);

  /** The sum of each row as a column, to the digits that the final result has. */
  A rowSums(A rows);

  /** One number per class, for every row, as an argument beside rows. */
  A alongClasses(double[] numbers, A rows);

  /**
   * The place of one of the largest elements of each row, for the next methods. For rows with NaN
   * it is unspecified which.
   */
  A argMax(A rows);

  /** The elements at one place of each row, as a column. */
  A at(A places, A rows);

  /** Rows whose elements at one place of each are those of a column instead. */
  A with(A places, A column, A rows);

  /** Rows whose elements at one place of each are a number instead. */
  A with(A places, double number, A rows);
}
