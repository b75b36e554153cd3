package org.stableops.integration.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;

/** What the cases are drawn from, and the notes that describe the one at hand. */
final class Draw {
  private static final int MAX_RANK = 8;
  private static final int FEW = 48;
  private static final int MANY = 9000;

  private final SplittableRandom random;
  private final StringBuilder notes;

  Draw(SplittableRandom random) {
    this(random, new StringBuilder());
  }

  private Draw(SplittableRandom random, StringBuilder notes) {
    this.random = random;
    this.notes = notes;
  }

  /** One that draws the same whenever it is asked for, and shares the notes. */
  Draw again(long seed) {
    return new Draw(new SplittableRandom(seed), notes);
  }

  /** Adds a line to the description of the case. */
  void note(String what, Object value) {
    notes.append(what).append(": ").append(text(value)).append('\n');
  }

  String description() {
    return notes.toString();
  }

  private static String text(Object value) {
    return value instanceof double[] numbers
        ? numbers.length <= FEW ? Arrays.toString(numbers) : numbers.length + " numbers"
        : value instanceof long[] sizes ? Arrays.toString(sizes) : String.valueOf(value);
  }

  // ---- choices

  /** Once in so many times. */
  boolean rarely(int times) {
    return random.nextInt(times) == 0;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  int between(int from, int to) {
    return random.nextInt(from, to);
  }

  double uniform(double from, double to) {
    return random.nextDouble(from, to);
  }

  long seed() {
    return random.nextLong();
  }

  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  <T extends Enum<T>> T of(Class<T> type) {
    return of(List.of(type.getEnumConstants()));
  }

  Path path() {
    return of(Path.class);
  }

  // ---- shapes

  /** Of rank 0 to 8, of few elements, or now and then of none or of more than a tile has. */
  long[] shape() {
    long[] shape = new long[random.nextInt(MAX_RANK + 1)];
    if (rarely(20) && shape.length > 0) {
      return longShape(Math.min(shape.length, 4));
    }
    do {
      Arrays.setAll(shape, d -> 1 + random.nextInt(shape.length < 3 ? 9 : 4));
    } while (size(shape) > FEW);
    if (rarely(12) && shape.length > 0) {
      shape[random.nextInt(shape.length)] = 0;
    }
    return shape;
  }

  private long[] longShape(int rank) {
    long[] shape = new long[rank];
    Arrays.setAll(shape, d -> 1 + random.nextInt(3));
    long others = size(shape);
    int axis = random.nextInt(rank);
    shape[axis] = Math.max(1, between(1000, MANY) * shape[axis] / others);
    return shape;
  }

  static int size(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  /** A shape that broadcasts to another: fewer axes, and 1 along some of the others. */
  long[] broadcasting(long[] shape) {
    long[] result = Arrays.copyOfRange(shape, random.nextInt(shape.length + 1), shape.length);
    Arrays.setAll(result, d -> rarely(3) ? 1 : result[d]);
    return rarely(3) ? shape.clone() : result;
  }

  // ---- numbers

  private static double[] specials(Format format) {
    double max = format.max();
    double min = format.min();
    double normal = format.minNormal();
    return new double[] {
      0,
      -0.0,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.NaN,
      max,
      -max,
      min,
      -min,
      normal,
      -normal,
      normal - min,
      1,
      -1
    };
  }

  double special(Format format) {
    double[] specials = specials(format);
    return specials[random.nextInt(specials.length)];
  }

  /** Arguments of every size, next to the thresholds, special and outside the domain. */
  double[] arguments(ElementwiseFunction function, double parameter, Format format, int count) {
    double[] points = Points.of(function, parameter, format, count, random.split());
    Arrays.setAll(points, i -> rarely(6) ? special(format) : rarely(30) ? -points[i] : points[i]);
    return points;
  }

  /** β or b: one that the function lists, an ordinary one, or now and then of any size. */
  double parameter(ElementwiseFunction function) {
    double[] listed = function.parameters();
    return switch (random.nextInt(8)) {
      case 0 -> anySize(Format.FLOAT64);
      case 1, 2, 3 -> Math.exp(uniform(-6, 6));
      default -> listed[random.nextInt(listed.length)];
    };
  }

  /** The same as a number of a format; there has to be an element for every one of an array. */
  double parameter(ElementwiseFunction function, Format format) {
    double rounded;
    do {
      rounded = format.round(parameter(function));
    } while (!Double.isFinite(rounded) || (rounded == 0 && function.isOfBeta()));
    return rounded;
  }

  /** A positive number of any exponent. */
  double anySize(Format format) {
    return Math.exp(uniform(Math.log(format.min()), Math.log(format.max())));
  }

  // ---- layouts

  /** Any layout in memory; repeated axes are among them only where the elements can be tied. */
  Layout layout(long[] shape, boolean mayRepeat) {
    return rarely(5) || size(shape) == 0
        ? Layout.plain(shape)
        : Layout.draw(shape, mayRepeat, random);
  }
}
