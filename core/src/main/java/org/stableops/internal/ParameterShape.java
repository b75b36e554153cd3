package org.stableops.internal;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The shape of a parameter beside that of the array x that it broadcasts against, by NumPy's rules:
 * aligned at the last axis, it is repeated along every axis where it has one element or none. It
 * never enlarges x. The checks live here, so that both hosts say the same.
 */
public final class ParameterShape {
  private final long[] parameter;
  private final long[] x;

  /** The parameter's shape with as many leading ones as make it x's rank. */
  private final long[] aligned;

  private ParameterShape(long[] parameter, long[] x, long[] aligned) {
    this.parameter = parameter;
    this.x = x;
    this.aligned = aligned;
  }

  /**
   * Reads the two shapes.
   *
   * @param name that of the parameter, for messages
   * @param parameter its shape
   * @param x the shape of x
   * @return how one broadcasts against the other
   * @throws IllegalArgumentException if the parameter does not broadcast to x's shape
   */
  public static ParameterShape of(String name, long[] parameter, long[] x) {
    return of(name, parameter, "x", x);
  }

  /** The same where x has another name in messages. */
  public static ParameterShape of(String name, long[] parameter, String nameOfX, long[] x) {
    int missing = x.length - parameter.length;
    long[] aligned = new long[x.length];
    boolean fits = missing >= 0;
    for (int d = 0; fits && d < x.length; d++) {
      aligned[d] = d < missing ? 1 : parameter[d - missing];
      fits = aligned[d] == x[d] || aligned[d] == 1;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "%s shape %s must broadcast to %s shape %s"
              .formatted(name, Shapes.text(parameter), nameOfX, Shapes.text(x)));
    }
    return new ParameterShape(parameter.clone(), x.clone(), aligned);
  }

  /**
   * Returns the shape of x.
   *
   * @return the sizes of its axes
   */
  public long[] x() {
    return x.clone();
  }

  /**
   * Returns the parameter's shape with x's rank.
   *
   * @return its sizes behind ones
   */
  public long[] aligned() {
    return aligned.clone();
  }

  /**
   * Tells whether the parameter is repeated along an axis of x.
   *
   * @param axis the axis of x
   * @return whether it has one element where x has another number
   */
  public boolean isRepeated(int axis) {
    return aligned[axis] != x[axis];
  }

  /**
   * Tells whether the parameter is repeated along any axis.
   *
   * @return false if it has an element for each of x's
   */
  public boolean isRepeated() {
    return !Arrays.equals(aligned, x);
  }

  /**
   * Returns the axes along which the parameter is repeated.
   *
   * @return axes of x, in order
   */
  public int[] repeatedAxes() {
    return IntStream.range(0, x.length).filter(this::isRepeated).toArray();
  }

  /**
   * Returns the axes of x in an order in which those along which the parameter is repeated follow
   * the others.
   *
   * @return a permutation of the axes
   */
  public int[] repeatedAxesLast() {
    IntStream others = IntStream.range(0, x.length).filter(axis -> !isRepeated(axis));
    return IntStream.concat(others, Arrays.stream(repeatedAxes())).toArray();
  }

  /**
   * Returns the number of elements of x.
   *
   * @return the product of its sizes
   */
  public long elements() {
    return Shapes.size(x);
  }

  /**
   * Returns strides in which the parameter looks like an array of x's shape.
   *
   * @param strides the parameter's own
   * @return one an axis of x, 0 along those where the parameter is repeated
   */
  public long[] strides(long[] strides) {
    int missing = x.length - parameter.length;
    long[] repeating = new long[x.length];
    for (int d = missing; d < x.length; d++) {
      repeating[d] = isRepeated(d) ? 0 : strides[d - missing];
    }
    return repeating;
  }

  /**
   * Returns the place of an element of the parameter, for messages.
   *
   * @param index its number, the last index running fastest
   * @return " at (2, 0)", or nothing for the only element of rank 0
   */
  public String place(long index) {
    if (parameter.length == 0) {
      return "";
    }
    long[] place = new long[parameter.length];
    long rest = index;
    for (int d = place.length - 1; d >= 0; d--) {
      place[d] = rest % parameter[d];
      rest /= parameter[d];
    }
    return " at " + Shapes.text(place);
  }
}
