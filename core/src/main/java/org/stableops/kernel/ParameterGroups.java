package org.stableops.kernel;

import org.stableops.internal.ParameterShape;

/**
 * The order of x's elements in which those that meet the same element of a parameter are together:
 * groups of {@link #length} rows of {@link #columns}, a column for each element of the parameter.
 * More than one column is for the sake of memory: where x runs fastest along an axis that the
 * parameter has, neighbours belong to different elements.
 *
 * <p>It depends on shapes only, so that sums have the same bits whatever the layout.
 */
public final class ParameterGroups {
  /** Some cache lines of floats, and few beside a tile. */
  private static final int MOST_COLUMNS = 64;

  private final ParameterShape shape;
  private final int[] order;
  private final int kept;
  private final int columns;

  private ParameterGroups(ParameterShape shape, int[] order, int kept, int columns) {
    this.shape = shape;
    this.order = order;
    this.kept = kept;
    this.columns = columns;
  }

  /**
   * Groups the elements of x.
   *
   * @param shape the shapes of the parameter and of x
   * @return the order of the groups, in which the parameter's elements are in their own order
   */
  public static ParameterGroups of(ParameterShape shape) {
    long[] x = shape.x();
    int[] order = shape.repeatedAxesLast();
    int kept = order.length - shape.repeatedAxes().length;
    int last = x.length - 1;
    boolean isAcross = shape.isRepeated() && !shape.isRepeated(last);
    return new ParameterGroups(shape, order, kept, isAcross ? largestDivisor(x[last]) : 1);
  }

  private static int largestDivisor(long size) {
    int divisor = (int) Math.max(1, Math.min(MOST_COLUMNS, size));
    while (size % divisor != 0) {
      divisor--;
    }
    return divisor;
  }

  /** The number of elements that meet an element of the parameter. */
  int length() {
    long[] x = shape.x();
    int length = 1;
    for (int i = kept; i < order.length; i++) {
      length *= (int) x[order[i]];
    }
    return length;
  }

  /** The number of elements of the parameter in a group. */
  int columns() {
    return columns;
  }

  /**
   * Returns the sizes of the dimensions in this order.
   *
   * @return x's axes in another order, and one that is a part of its last axis
   */
  public long[] shape() {
    long[] sizes = permuted(shape.x(), 1);
    if (columns > 1) {
      sizes[kept - 1] /= columns;
      sizes[order.length] = columns;
    }
    return sizes;
  }

  /**
   * Returns the strides of the dimensions in this order.
   *
   * @param strides of an array of x's shape
   * @return one a dimension of {@link #shape}
   */
  public long[] strides(long[] strides) {
    long[] ordered = permuted(strides, 0);
    if (columns > 1) {
      ordered[order.length] = ordered[kept - 1];
      ordered[kept - 1] *= columns;
    }
    return ordered;
  }

  private long[] permuted(long[] numbers, long ofThePart) {
    long[] result = new long[order.length + 1];
    for (int i = 0; i < order.length; i++) {
      result[i] = numbers[order[i]];
    }
    result[order.length] = ofThePart;
    return result;
  }
}
