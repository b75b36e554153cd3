package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.RowLosses;

/**
 * Losses that a kernel has computed.
 *
 * @param rows the numbers
 * @param logits what they are of
 * @param shape that of the logits
 * @param reduction that of the call
 */
record FusedLosses(RowLosses rows, NDArray logits, SoftmaxShape shape, Reduction reduction)
    implements SoftmaxLosses {
  @Override
  public NDArray reduced() {
    return reduced(rows.losses());
  }

  private NDArray reduced(double[] numbers) {
    return reduction == Reduction.NONE
        ? ofRows(numbers)
        : array(new double[] {rows.reduced(numbers, reduction)}, new Shape());
  }

  @Override
  public void reduceInto(NDArray scalar) {
    double number = rows.reduced(rows.losses(), reduction);
    if (Fused.isShared(scalar)) {
      Autograd.overwriteScalar(scalar, number);
    } else {
      Autograd.overwrite(scalar, array(new double[] {number}, new Shape()));
    }
  }

  @Override
  public NDArray losses() {
    return ofRows(rows.losses());
  }

  @Override
  public NDArray logSumExps() {
    return ofRows(rows.logSumExps());
  }

  @Override
  public NDArray zLoss() {
    return reduced(rows.zLosses());
  }

  @Override
  public double weight() {
    return rows.weight();
  }

  private NDArray ofRows(double[] numbers) {
    return array(numbers, new Shape(shape.rowShape()));
  }

  private NDArray array(double[] numbers, Shape newShape) {
    return array(numbers, newShape, logits);
  }

  /** Numbers as an array beside another and of its dtype. */
  static NDArray array(double[] numbers, Shape newShape, NDArray logits) {
    NDManager manager = logits.getManager();
    if (Fused.accepts(logits) && numbers.length > 0) {
      NDArray array = manager.create(newShape, logits.getDataType(), logits.getDevice());
      Fused.write(numbers, array);
      return array;
    }
    // A copy: these lie in Java's memory, and toType copies nothing of the same dtype.
    return manager
        .create(numbers, newShape)
        .toType(logits.getDataType(), false)
        .toDevice(logits.getDevice(), false)
        .duplicate();
  }
}
