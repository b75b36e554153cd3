package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What arrays of half types are computed in: float, to be rounded once. */
public final class Halves {
  private Halves() {}

  /**
   * Returns the dtype to compute in.
   *
   * @param type any
   * @return float for half and bfloat16, else the dtype itself
   */
  public static DataType wideType(DataType type) {
    return type == DataType.FLOAT16 || type == DataType.BFLOAT16 ? DataType.FLOAT : type;
  }

  /** An array itself, or a kept copy in the dtype to compute in. */
  static INDArray widened(INDArray array, Temporaries temporaries) {
    return temporaries.keepUnless(array, array.castTo(wideType(array.dataType())));
  }
}
