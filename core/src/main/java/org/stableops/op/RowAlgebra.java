package org.stableops.op;

/**
 * Arithmetic on arrays of rows × classes, and on columns, of which each row has one element.
 *
 * @param <A> the host's arrays
 */
public interface RowAlgebra<A> extends Algebra<A> {
  /** The sum of each row as a column; its error does not grow with the number of classes. */
  A rowSums(A rows);

  /** The elements of a column, each for a whole row, in the shape of other rows. */
  A alongRows(A column, A rows);

  /** One number per class, for every row, in the shape of other rows. */
  A alongClasses(double[] numbers, A rows);

  /** Whether an element is the first one of the largest of its row. Which of NaN is not said. */
  A isFirstLargest(A rows);
}
