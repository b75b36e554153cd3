package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reads arrays of any layout and dtype into Java. */
public final class Numbers {
  private Numbers() {}

  /**
   * Returns the elements of an array, not one by one, for then the host computes the place of each.
   *
   * @param array of numbers or booleans
   * @return its elements in 'c' order as doubles
   */
  public static double[] doubles(INDArray array) {
    INDArray contiguous = array.dup('c');
    try {
      INDArray wide = contiguous.castTo(DataType.DOUBLE);
      try {
        return wide.data().asDouble();
      } finally {
        if (wide != contiguous) {
          close(wide);
        }
      }
    } finally {
      close(contiguous);
    }
  }

  private static void close(INDArray array) {
    // What lives in a workspace is the workspace's.
    if (array.closeable()) {
      array.close();
    }
  }
}
