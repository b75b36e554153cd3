package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;

/**
 * Losses that composites have computed, which stay on the logits' device.
 *
 * @param columns those of {@link CompositeCrossEntropy#compute}
 * @param weight what MEAN divides by
 * @param logits what they are of
 * @param shape that of the logits
 * @param reduction that of the call
 */
record CompositeLosses(
    NDArray[] columns, double weight, NDArray logits, SoftmaxShape shape, Reduction reduction)
    implements SoftmaxLosses {
  @Override
  public NDArray reduced() {
    return reduced(columns[CompositeCrossEntropy.LOSSES]);
  }

  private NDArray reduced(NDArray column) {
    return switch (reduction) {
      case NONE -> shaped(column);
      case SUM -> result(column.sum());
      case MEAN -> result(weight == 0 ? zero() : mean(column));
    };
  }

  /** In one call if the rows weigh as many as they are. */
  private NDArray mean(NDArray column) {
    return column.size() == weight ? column.mean() : column.sum().div(Constants.create(weight));
  }

  /** The mean of no rows, even if those that count nothing are NaN. */
  private NDArray zero() {
    return logits.getManager().create(0.0).toDevice(logits.getDevice(), false);
  }

  @Override
  public void reduceInto(NDArray scalar) {
    Autograd.overwriteScalar(scalar, reduced());
  }

  @Override
  public NDArray losses() {
    return shaped(columns[CompositeCrossEntropy.LOSSES]);
  }

  @Override
  public NDArray logSumExps() {
    return shaped(columns[CompositeCrossEntropy.LOG_SUM_EXPS]);
  }

  @Override
  public NDArray zLoss() {
    return reduced(columns[CompositeCrossEntropy.Z_LOSSES]);
  }

  private NDArray shaped(NDArray column) {
    return result(column.reshape(new Shape(shape.rowShape())));
  }

  /** An array of its own beside the logits and of their dtype. */
  private NDArray result(NDArray wide) {
    DataType type = logits.getDataType();
    NDArray ours = Scoped.beside(logits, wide);
    // DJL's toType copies nothing of the same dtype.
    return type == DataType.FLOAT64 ? ours.duplicate() : ours.toType(type, false);
  }
}
