package org.stableops.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ParameterShapeTest {
  private static long[] shape(long... sizes) {
    return sizes;
  }

  @Test
  void alignsAtTheLastAxis() {
    ParameterShape shape = ParameterShape.of("b", shape(3, 1), shape(2, 3, 4));
    assertArrayEquals(shape(1, 3, 1), shape.aligned());
    assertArrayEquals(new int[] {0, 2}, shape.repeatedAxes());
    assertArrayEquals(new int[] {1, 0, 2}, shape.repeatedAxesLast());
    assertArrayEquals(shape(0, 7, 0), shape.strides(shape(7, 5)));
    assertTrue(shape.isRepeated());
    assertEquals(24, shape.elements());
  }

  @Test
  void oneElementAlongAnAxisOfOneIsNotRepeated() {
    ParameterShape shape = ParameterShape.of("b", shape(1, 4), shape(1, 4));
    assertFalse(shape.isRepeated());
    assertFalse(ParameterShape.of("b", shape(4), shape(1, 4)).isRepeated());
    assertTrue(ParameterShape.of("b", shape(4), shape(2, 4)).isRepeated());
  }

  @Test
  void whatWouldEnlargeXIsRefused() {
    refused("b shape (3, 1) must broadcast to x shape (2, 4)", shape(3, 1), shape(2, 4));
    refused("b shape (2, 4) must broadcast to x shape (2, 1)", shape(2, 4), shape(2, 1));
    refused("b shape (1, 4) must broadcast to x shape (4)", shape(1, 4), shape(4));
    refused("b shape (1) must broadcast to x shape ()", shape(1), shape());
    refused("b shape (0) must broadcast to x shape (1)", shape(0), shape(1));
    refused("b shape (2) must broadcast to x shape (0)", shape(2), shape(0));
  }

  private static void refused(String message, long[] parameter, long[] x) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> ParameterShape.of("b", parameter, x))
            .getMessage());
  }

  @Test
  void placesAreThoseOfTheParameter() {
    ParameterShape shape = ParameterShape.of("b", shape(3, 2), shape(5, 3, 2));
    assertEquals(" at (2, 0)", shape.place(4));
    assertEquals(" at (2, 1)", shape.place(5));
    assertEquals("", ParameterShape.of("b", shape(), shape(5)).place(0));
  }
}
