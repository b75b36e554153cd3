package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Lets the backward pass of float16 arrays run in float32, where neither a sum nor a product
 * overflows before the result is rounded to float16, once. DJL's {@code toType} cuts the graph, so
 * both casts are made of operators: libtorch promotes a product of two dtypes to the wider one, and
 * its gradient is cast back; a sum in place keeps the narrow dtype.
 */
public final class Halves {
  private Halves() {}

  /**
   * Returns the dtype to compute in.
   *
   * @param type a floating dtype
   * @return float32 for float16, else the dtype itself
   */
  public static DataType wideType(DataType type) {
    return type == DataType.FLOAT16 ? DataType.FLOAT32 : type;
  }

  /**
   * Widens an array within its graph.
   *
   * @param x a floating array, of rank 1 or more if it is of float16
   * @return x in {@link #wideType}, in x's graph
   */
  public static NDArray widened(NDArray x) {
    return x.getDataType() == DataType.FLOAT16 ? x.mul(ones(x)) : x;
  }

  private static NDArray ones(NDArray x) {
    return x.getManager().ones(new Shape(1), DataType.FLOAT32, x.getDevice());
  }

  /**
   * Rounds an array within its graph.
   *
   * @param x a floating array
   * @param type its dtype, or float16 for one of float32
   * @return x in the dtype, in x's graph
   */
  public static NDArray rounded(NDArray x, DataType type) {
    return x.getDataType() == type
        ? x
        : x.getManager().zeros(x.getShape(), type, x.getDevice()).addi(x);
  }
}
