package org.stableops.integration.fuzz;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Where the elements of an array lie in a larger one, its base: in any order of axes, at offsets,
 * in steps, one of several slices, and once for all along the axes that are repeated.
 *
 * <p>The base is contiguous. Its first axis is that of the slices, the others are the axes of the
 * view in the order of memory.
 *
 * @param shape that of the view
 * @param order the view's axes from the slowest to the fastest in memory
 * @param offset where the view begins along each of its axes
 * @param step how far its elements are apart
 * @param rest what follows its last element
 * @param repeated along which axes one element stands for all
 * @param slice which of the slices it is
 * @param slices how many there are
 */
record Layout(
    long[] shape,
    int[] order,
    int[] offset,
    int[] step,
    int[] rest,
    boolean[] repeated,
    int slice,
    int slices) {
  /** Steps in eight dimensions would make large arrays of small ones. */
  private static final long MOST_BASE_ELEMENTS = 100_000;

  /** The elements one behind the other, and nothing else. */
  static Layout plain(long[] shape) {
    int rank = shape.length;
    int[] ones = new int[rank];
    Arrays.fill(ones, 1);
    return new Layout(
        shape,
        IntStream.range(0, rank).toArray(),
        new int[rank],
        ones,
        new int[rank],
        new boolean[rank],
        0,
        1);
  }

  static Layout draw(long[] shape, boolean mayRepeat, SplittableRandom random) {
    Layout layout = plain(shape);
    int rank = shape.length;
    boolean isReversed = random.nextInt(3) == 0;
    for (int d = 0; d < rank; d++) {
      // Fisher and Yates; or 'f' order.
      int other = isReversed ? rank - 1 - d : random.nextInt(d + 1);
      if (!isReversed || d < other) {
        int axis = layout.order[d];
        layout.order[d] = layout.order[other];
        layout.order[other] = axis;
      }
    }
    if (random.nextBoolean()) {
      for (int d = 0; d < rank; d++) {
        layout.repeated[d] = mayRepeat && random.nextInt(4) == 0;
        layout.spread(d, random);
      }
    }
    int slices = 1 + random.nextInt(3);
    return layout.size() * slices > MOST_BASE_ELEMENTS
        ? layout
        : new Layout(
            layout.shape,
            layout.order,
            layout.offset,
            layout.step,
            layout.rest,
            layout.repeated,
            random.nextInt(slices),
            slices);
  }

  /** Moves the elements apart along an axis, unless the base would become too large. */
  private void spread(int axis, SplittableRandom random) {
    offset[axis] = random.nextInt(3);
    step[axis] = 1 + random.nextInt(3);
    rest[axis] = random.nextInt(2);
    if (size() > MOST_BASE_ELEMENTS) {
      offset[axis] = 0;
      step[axis] = 1;
      rest[axis] = 0;
    }
  }

  private long size() {
    return Arrays.stream(baseShape()).reduce(1, (a, b) -> a * b);
  }

  /** The number of different elements along an axis. */
  int length(int axis) {
    return repeated[axis] ? 1 : (int) shape[axis];
  }

  boolean isRepeated() {
    return IntStream.range(0, shape.length).anyMatch(d -> repeated[d] && shape[d] != 1);
  }

  boolean isPlain() {
    return slices == 1
        && !isRepeated()
        && Arrays.equals(order, plain(shape).order)
        && Arrays.equals(baseShape(), plain(shape).baseShape());
  }

  /** Whether the elements are all of the base, in 'c' order or in 'f' order. */
  boolean isInOrder(char c) {
    long stride = 1;
    long[] strides = strides();
    for (int k = 0; k < shape.length; k++) {
      int d = c == 'f' ? k : shape.length - 1 - k;
      if (strides[d] != stride) {
        return false;
      }
      stride *= shape[d];
    }
    return true;
  }

  long[] baseShape() {
    long[] base = new long[shape.length + 1];
    base[0] = slices;
    for (int k = 0; k < order.length; k++) {
      int d = order[k];
      base[k + 1] = offset[d] + Math.max(0, (length(d) - 1) * step[d] + 1) + rest[d];
      base[k + 1] = length(d) == 0 ? 0 : base[k + 1];
    }
    return base;
  }

  /** Where the view begins in the base. */
  long start() {
    long[] strides = baseStrides();
    long start = slice * strides[0];
    for (int k = 0; k < order.length; k++) {
      start += offset[order[k]] * strides[k + 1];
    }
    return start;
  }

  /** How far the view's elements are apart in memory along each axis; 0 where it is repeated. */
  long[] strides() {
    long[] base = baseStrides();
    long[] strides = new long[shape.length];
    for (int k = 0; k < order.length; k++) {
      int d = order[k];
      strides[d] = repeated[d] ? 0 : base[k + 1] * step[d];
    }
    return strides;
  }

  private long[] baseStrides() {
    long[] base = baseShape();
    long[] strides = new long[base.length];
    long stride = 1;
    for (int k = base.length - 1; k >= 0; k--) {
      strides[k] = stride;
      stride *= base[k];
    }
    return strides;
  }

  /** The places in the base of the view's elements, in logical order. */
  private int[] places() {
    int[] places = new int[Draw.size(shape)];
    long[] strides = strides();
    int start = (int) start();
    for (int i = 0; i < places.length; i++) {
      int rest = i;
      places[i] = start;
      for (int d = shape.length - 1; d >= 0; d--) {
        places[i] += (int) (rest % shape[d] * strides[d]);
        rest /= (int) shape[d];
      }
    }
    return places;
  }

  /** For each element of a shape, which of a parameter it meets that broadcasts to it. */
  static int[] met(long[] shape, long[] parameter) {
    int[] met = new int[Draw.size(shape)];
    for (int i = 0; i < met.length; i++) {
      long rest = i;
      int stride = 1;
      for (int d = 1; d <= parameter.length; d++) {
        long size = shape[shape.length - d];
        long own = parameter[parameter.length - d];
        met[i] += own == 1 ? 0 : (int) (rest % size) * stride;
        stride *= (int) own;
        rest /= size;
      }
    }
    return met;
  }

  /** The elements of a base with a view's among others. */
  double[] base(double[] elements, double others) {
    double[] base = new double[(int) size()];
    Arrays.fill(base, others);
    int[] places = places();
    for (int i = 0; i < places.length; i++) {
      base[places[i]] = elements[i];
    }
    return base;
  }

  /** The elements of the view. */
  double[] view(double[] base) {
    return Arrays.stream(places()).mapToDouble(place -> base[place]).toArray();
  }

  /** Elements that are equal along the repeated axes. */
  double[] tied(double[] elements) {
    return view(base(elements, 0));
  }

  @Override
  public String toString() {
    return isPlain()
        ? "plain"
        : "strides %s at %d of a base of %s"
            .formatted(Arrays.toString(strides()), start(), Arrays.toString(baseShape()));
  }
}
