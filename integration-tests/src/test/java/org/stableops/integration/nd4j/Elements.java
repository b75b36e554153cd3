package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Elements of arrays, read one by one, so that no copying routine of the host is relied on. */
final class Elements {
  private Elements() {}

  /** The elements in 'c' order, whatever the layout; every floating dtype widens exactly. */
  static double[] of(INDArray array) {
    double[] elements = new double[Math.toIntExact(array.isEmpty() ? 0 : array.length())];
    long[] shape = array.shape();
    long[] index = new long[shape.length];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = shape.length == 0 ? array.getDouble(0) : array.getDouble(index);
      for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    return elements;
  }

  /** The same elements in an array of its own, contiguous and in 'c' order. */
  static INDArray plain(INDArray array) {
    DataType type = array.dataType();
    if (array.isEmpty()) {
      return Nd4j.create(type, array.shape());
    }
    if (array.rank() == 0) {
      return Nd4j.scalar(type, array.getDouble(0));
    }
    return Nd4j.createFromArray(of(array)).castTo(type).reshape('c', array.shape());
  }

  /** Shape, dtype and every bit; all NaNs are one. */
  static void assertSame(INDArray expected, INDArray actual, String what) {
    assertEquals(expected.dataType(), actual.dataType(), what);
    assertArrayEquals(expected.shape(), actual.shape(), what);
    assertArrayEquals(bits(expected), bits(actual), what);
  }

  static long[] bits(INDArray array) {
    return Arrays.stream(of(array)).mapToLong(Double::doubleToLongBits).toArray();
  }

  /** The bits as text, for the way between two JVMs. */
  static String hex(INDArray array) {
    StringBuilder text = new StringBuilder();
    for (long bits : bits(array)) {
      text.append(Long.toHexString(bits)).append(' ');
    }
    return text.toString().strip();
  }
}
