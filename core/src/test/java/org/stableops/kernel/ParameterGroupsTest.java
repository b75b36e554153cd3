package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.stableops.Refusals.assertRefused;
import static org.stableops.kernel.Pointwise.elements;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.internal.ParameterShape;

/** The order of the sums to a parameter, and the kernels that make them. */
@Tag("thorough")
class ParameterGroupsTest {
  private static long[] of(long... numbers) {
    return numbers;
  }

  private static ParameterGroups groups(long[] parameter, long... x) {
    return ParameterGroups.of(ParameterShape.of("p", parameter, x));
  }

  @Test
  void aNumberMeetsAllElements() {
    ParameterGroups all = groups(of(), 3, 4);
    assertEquals(12, all.length());
    assertEquals(1, all.columns());
    assertArrayEquals(of(3, 4, 1), all.shape());
    assertArrayEquals(of(4, 1, 0), all.strides(of(4, 1)));
  }

  @Test
  void anElementForEachMeetsOne() {
    ParameterGroups each = groups(of(3, 4), 3, 4);
    assertEquals(1, each.length());
    assertEquals(1, each.columns());
    assertArrayEquals(of(3, 4, 1), each.shape());
  }

  @Test
  void rowsAreGroupsOfTheirOwn() {
    ParameterGroups rows = groups(of(3, 1), 3, 4);
    assertEquals(4, rows.length());
    assertEquals(1, rows.columns());
    assertArrayEquals(of(3, 4, 1), rows.shape());
    assertArrayEquals(of(1, 3, 0), rows.strides(of(1, 3)));
  }

  @Test
  void columnsAreSummedSideBySide() {
    ParameterGroups columns = groups(of(4), 3, 4);
    assertEquals(3, columns.length());
    assertEquals(4, columns.columns());
    assertArrayEquals(of(1, 3, 4), columns.shape());
    assertArrayEquals(of(4, 4, 1), columns.strides(of(4, 1)));
  }

  @Test
  void noMoreThanSixtyFourAndADivisor() {
    assertEquals(64, groups(of(64), 2, 64).columns());
    assertEquals(13, groups(of(65), 2, 65).columns());
    assertEquals(64, groups(of(128), 2, 128).columns());
    assertEquals(50, groups(of(100), 2, 100).columns());
    assertEquals(1, groups(of(67), 2, 67).columns());
    ParameterGroups hundred = groups(of(100), 2, 100);
    assertArrayEquals(of(2, 2, 50), hundred.shape());
    assertArrayEquals(of(50, 100, 1), hundred.strides(of(100, 1)));
  }

  @Test
  void axesBetweenAreMovedBehind() {
    ParameterGroups between = groups(of(3, 1, 5), 3, 7, 5);
    assertEquals(7, between.length());
    assertEquals(5, between.columns());
    assertArrayEquals(of(3, 1, 7, 5), between.shape());
    assertArrayEquals(of(35, 5, 5, 1), between.strides(of(35, 5, 1)));
  }

  @Test
  void emptyAxesHaveGroupsToo() {
    assertEquals(1, groups(of(0), 2, 0).columns());
    assertEquals(0, groups(of(), 2, 0).length());
  }

  private static final ParametricKernel KERNEL = SquareplusKernel.parametric();

  /** 1/(4·√(0 + b)) is ⅛ for b = 4: sums can be counted. */
  private static double[] sums(long[] parameter, long[] x, double upstream) {
    int size = (int) Arrays.stream(x).reduce(1, (a, b) -> a * b);
    int wanted = (int) Arrays.stream(parameter).reduce(1, (a, b) -> a * b);
    ParameterGroups groups = groups(parameter, x);
    double[] out = new double[wanted];
    Arrays.fill(out, 9);
    KERNEL.parameterGradient(
        elements(new double[size]),
        elements(filled(size, 4)),
        upstream == 1 ? null : elements(filled(size, upstream)),
        groups,
        elements(out));
    return out;
  }

  private static double[] filled(int size, double number) {
    double[] filled = new double[size];
    Arrays.fill(filled, number);
    return filled;
  }

  @Test
  void sumsAreOfAllThatMeetAnElement() {
    assertArrayEquals(new double[] {1.5}, sums(of(), of(3, 4), 1));
    assertArrayEquals(filled(3, 0.5), sums(of(3, 1), of(3, 4), 1));
    assertArrayEquals(filled(4, 0.375), sums(of(4), of(3, 4), 1));
    assertArrayEquals(filled(4, -0.75), sums(of(4), of(3, 4), -2));
    assertArrayEquals(new double[] {2049 / 8.0}, sums(of(), of(2049), 1));
    assertArrayEquals(new double[] {2049 * 3 / 8.0}, sums(of(), of(2049), 3));
    assertArrayEquals(filled(50, 60 / 8.0), sums(of(50), of(60, 50), 1));
    assertArrayEquals(filled(2, 0), sums(of(2), of(0, 2), 1));
  }

  @Test
  void everyOutputMayBeLeftOut() {
    double[] x = {-1, 0, 2};
    double[] p = {1, 4, 9};
    double[] value = new double[3];
    double[] gradient = new double[3];
    double[] byP = new double[3];
    KERNEL.value(elements(x), elements(p), elements(value));
    KERNEL.gradient(elements(x), elements(p), elements(gradient));
    KERNEL.parameterGradient(elements(x), elements(p), elements(byP));
    double[][] out = new double[3][3];
    KERNEL.valueAndGradients(elements(x), elements(p), elements(out[0]), null, null);
    assertArrayEquals(value, out[0]);
    KERNEL.valueAndGradients(
        elements(x), elements(p), elements(out[0]), elements(out[1]), elements(out[2]));
    assertArrayEquals(new double[][] {value, gradient, byP}, out);
    assertArrayEquals(new double[] {0.25 / Math.sqrt(2), 0.125, 0.25 / Math.sqrt(13)}, byP, 1e-16);
  }

  @Test
  void lengthsAreChecked() {
    Elements three = elements(1.0, 2, 3);
    Elements two = elements(1.0, 2);
    ParameterGroups groups = groups(of(3), 3);
    assertRefused("parameter must have 3 elements, got 2", () -> KERNEL.value(three, two, three));
    assertRefused("out must have 3 elements, got 2", () -> KERNEL.value(three, three, two));
    assertRefused("out must have 3 elements, got 2", () -> KERNEL.gradient(three, three, two));
    assertRefused(
        "out must have 3 elements, got 2", () -> KERNEL.parameterGradient(three, three, two));
    assertRefused(
        "value must have 3 elements, got 2",
        () -> KERNEL.valueAndGradients(three, three, two, null, null));
    assertRefused(
        "gradient must have 3 elements, got 2",
        () -> KERNEL.valueAndGradients(three, three, three, two, null));
    assertRefused(
        "parameterGradient must have 3 elements, got 2",
        () -> KERNEL.valueAndGradients(three, three, three, null, two));
    assertRefused(
        "parameter must have 3 elements, got 2",
        () -> KERNEL.parameterGradient(three, two, null, groups, three));
    assertRefused(
        "upstream must have 3 elements, got 2",
        () -> KERNEL.parameterGradient(three, three, two, groups, three));
    ElementwiseKernel scalar = SquareplusKernel.of(4);
    assertRefused("out must have 3 elements, got 2", () -> scalar.value(three, two));
    assertRefused("out must have 3 elements, got 2", () -> scalar.gradient(three, two));
    assertRefused(
        "value must have 3 elements, got 2", () -> scalar.valueAndGradient(three, two, three));
    assertRefused(
        "gradient must have 3 elements, got 2", () -> scalar.valueAndGradient(three, three, two));
  }

  @Test
  void bothOfANumberAreThoseOfEach() {
    for (ElementwiseKernel kernel :
        new ElementwiseKernel[] {SoftplusKernel.of(1), SoftplusKernel.of(2)}) {
      double[] x = {-1, 0, 2};
      double[] value = new double[3];
      double[] gradient = new double[3];
      kernel.valueAndGradient(elements(x), elements(value), elements(gradient));
      assertArrayEquals(Pointwise.values(kernel, x), value);
      assertArrayEquals(Pointwise.gradients(kernel, x), gradient);
      float[] narrow = new float[3];
      float[] slope = new float[3];
      float[] in = Pointwise.floats(x);
      kernel.valueAndGradient(elements(in), elements(narrow), elements(slope));
      assertArrayEquals(Pointwise.values(kernel, in), narrow);
      assertArrayEquals(Pointwise.gradients(kernel, in), slope);
    }
  }

  @Test
  void tilesFollowEachOther() {
    double[] x = new double[2 * Tiles.SIZE + 5];
    Arrays.setAll(x, i -> i);
    double[] ones = filled(x.length, 1);
    double[][] scalar = new double[2][x.length];
    SquareplusKernel.of(1).valueAndGradient(elements(x), elements(scalar[0]), elements(scalar[1]));
    double[][] out = new double[3][x.length];
    KERNEL.valueAndGradients(
        elements(x), elements(ones), elements(out[0]), elements(out[1]), elements(out[2]));
    for (int i = 0; i < x.length; i++) {
      double root = Math.sqrt((double) i * i + 1);
      assertEquals((i + root) / 2, scalar[0][i], 1e-12);
      assertEquals((1 + i / root) / 2, scalar[1][i], 1e-15);
      assertEquals(0.25 / root, out[2][i], 1e-15);
    }
    assertArrayEquals(scalar[0], out[0], 1e-12);
    assertArrayEquals(scalar[1], out[1], 1e-15);
  }

  @Test
  void anyElementOfAParameterMayBeInvalid() {
    ParameterShape shape = ParameterShape.of("b", of(4100), of(4100));
    for (int place : new int[] {0, 2047, 2048, 4099}) {
      double[] b = new double[4100];
      b[place] = -1;
      assertRefused(
          "b must be finite and >= 0, got -1.0 at (" + place + ")",
          () -> KERNEL.requireValid(elements(b), shape));
    }
    KERNEL.requireValid(elements(new double[4100]), shape);
  }
}
