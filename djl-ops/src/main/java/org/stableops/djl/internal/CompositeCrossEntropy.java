package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.RowLosses;
import org.stableops.op.CrossEntropyComposite;
import org.stableops.op.Derivative;

/**
 * A cross-entropy by composites on blocks of rows. What the rows weigh is known in Java, where
 * labels and weights have been checked; all else stays on the device of the logits.
 */
final class CompositeCrossEntropy {
  /** The indices of the results. All but the gradient are columns of float64. */
  static final int LOSSES = 0;

  static final int GRADIENT = 1;
  static final int LOG_SUM_EXPS = 2;
  static final int Z_LOSSES = 3;

  private static final int[] CLASSES = {1};

  private final NDArray z;
  private final SoftmaxShape shape;
  private final CrossEntropyOptions options;

  /** One per row, 0 where it is ignored; or null for 1 everywhere. */
  private final double[] counts;

  /** Class probabilities, or null. */
  private NDArray q;

  /** The labels as places in the rows, or null. */
  private NDArray places;

  /** ω of each row, or null for 1 everywhere. */
  private double[] weights;

  private double weight;

  /** What stands for the gradient; rows × classes, if it has a v. */
  private final Derivative<NDArray> derivative;

  /** The largest element of each row, if {@link CrossEntropyComposite#ofFinite} takes them. */
  private NDArray maxima;

  /** Takes rows × classes, what each row counts for, and what is wanted beside the losses. */
  CompositeCrossEntropy(
      NDArray z,
      SoftmaxShape shape,
      CrossEntropyOptions options,
      double[] counts,
      Derivative<NDArray> derivative) {
    this.z = z;
    this.shape = shape;
    this.options = options;
    this.counts = counts;
    this.derivative = derivative;
  }

  /** Sets integer labels, which are there as an array and in Java. */
  void setLabels(NDArray labels, long[] integers) {
    NDArray classes = counts == null ? labels : valid(integers);
    // A view of ours, beside the logits before anything is made of it on their device.
    NDArray column = Scoped.beside(z, classes.reshape(shape.rows(), 1));
    places = column.toType(DataType.INT64, false).toDevice(z.getDevice(), false);
    if (options.classWeights().length > 0) {
      setWeights(SoftmaxShape.labelWeights(integers, counts, options));
    } else {
      weight = counts == null ? shape.rows() : RowLosses.weight(counts, null);
    }
  }

  /** Labels of which those that do not count, and need be no classes, are 0. */
  private NDArray valid(long[] integers) {
    long[] valid = new long[integers.length];
    Arrays.setAll(valid, row -> counts[row] == 0 ? 0 : integers[row]);
    return z.getManager().create(valid);
  }

  /** Sets rows × classes of probabilities, after a look at those of the rows that count. */
  void setProbabilities(NDArray rows) {
    q = rows;
    NDArray[] columns =
        Slices.compute(
            shape.rows(),
            shape.classes(),
            Slices.OF_COMPOSITES,
            (from, to) -> {
              NDArray block = wide(q, from, to);
              NDArray ofRows = CrossEntropyComposite.weight(DjlAlgebra.INSTANCE, block, options);
              return new NDArray[] {ofRows, block.min(CLASSES)};
            });
    double[] sums = columns[0].toDoubleArray();
    double[] least = columns[1].toDoubleArray();
    for (int row = 0; row < sums.length; row++) {
      if (!(least[row] >= 0 && Double.isFinite(sums[row]))) {
        shape.requireProbabilityValues(wide(q, row, row + 1L).toDoubleArray(), row);
      }
    }
    setWeights(sums);
  }

  private void setWeights(double[] ofRows) {
    weights = ofRows;
    weight = RowLosses.weight(ofRows, counts);
  }

  /** What MEAN divides by. */
  double weight() {
    return weight;
  }

  /** Computes the losses, and else what is wanted. */
  NDArray[] compute(boolean wantsGradient, boolean wantsDetails) {
    boolean isPlain = q == null && options.labelSmoothing() == 0 && derivative.isGradient();
    if (isPlain && z.getDataType() != DataType.FLOAT64) {
      maxima = finiteMaxima();
    }
    return Slices.compute(
        shape.rows(),
        shape.classes(),
        Slices.OF_COMPOSITES,
        (from, to) -> block(from, to, wantsGradient, wantsDetails));
  }

  /**
   * The largest element of each row, or null if one that counts is not finite. That they are read
   * is no more of a wait for the device than that the labels are.
   */
  private NDArray finiteMaxima() {
    NDArray ofRows = z.max(CLASSES, true).toType(DataType.FLOAT32, false);
    float[] numbers = ofRows.toFloatArray();
    for (int row = 0; row < numbers.length; row++) {
      if (!Float.isFinite(numbers[row]) && (counts == null || counts[row] != 0)) {
        return null;
      }
    }
    return ofRows;
  }

  private NDArray[] block(long from, long to, boolean wantsGradient, boolean wantsDetails) {
    CrossEntropyComposite<NDArray> composite = composite(from, to);
    NDArray[] results = new NDArray[4];
    if (derivative.isGradient()) {
      results[LOSSES] = timesCounts(composite.losses(), from);
    }
    if (wantsGradient) {
      results[GRADIENT] = gradient(composite, from, to);
    }
    if (wantsDetails) {
      results[LOG_SUM_EXPS] = counted(composite.logSumExp(), from);
      results[Z_LOSSES] =
          options.zLoss() == 0
              ? results[LOSSES].zerosLike()
              : timesCounts(composite.zLosses(), from);
    }
    return results;
  }

  private NDArray gradient(CrossEntropyComposite<NDArray> composite, long from, long to) {
    DataType type = Halves.wideType(z.getDataType());
    if (weight == 0 && options.reduction() == Reduction.MEAN) {
      return z.getManager().zeros(new Shape(to - from, shape.classes()), type, z.getDevice());
    }
    return derivative
        .with(v -> wide(v, from, to))
        .of(composite, scales(from, to))
        .toType(type, false);
  }

  private CrossEntropyComposite<NDArray> composite(long from, long to) {
    NDArray rows = counted(Slices.of(z, from, to), from);
    if (q != null) {
      return CrossEntropyComposite.dense(AlongAxis.softmax(rows), wide(q, from, to), options);
    }
    NDArray ofRows = weights == null ? null : column(weights, from, to);
    NDArray ofLabels = Slices.of(places, from, to);
    if (maxima == null) {
      return CrossEntropyComposite.sparse(AlongAxis.softmax(rows), ofLabels, ofRows, options);
    }
    return CrossEntropyComposite.ofFinite(
        DjlAlgebra.INSTANCE,
        rows.toType(DataType.FLOAT32, false),
        counted(Slices.of(maxima, from, to), from),
        ofLabels,
        ofRows,
        options);
  }

  /** Some rows as float64; those that do not count are never read. */
  private NDArray wide(NDArray rows, long from, long to) {
    return counted(Slices.of(rows, from, to), from).toType(DataType.FLOAT64, false);
  }

  /** Some rows, and 0 in those that do not count, even for NaN. */
  private NDArray counted(NDArray rows, long from) {
    if (counts == null) {
      return rows;
    }
    NDArray column = column(counts, from, from + rows.getShape().get(0));
    return DjlAlgebra.INSTANCE.whereCounted(column, rows);
  }

  private NDArray timesCounts(NDArray column, long from) {
    return counts == null
        ? column
        : column.mul(column(counts, from, from + column.getShape().get(0)));
  }

  /** What gradients are multiplied by: one number, if it is the same for all rows. */
  private NDArray scales(long from, long to) {
    boolean isMean = options.reduction() == Reduction.MEAN;
    if (counts == null) {
      double scale = isMean ? 1 / weight : 1;
      return weights == null ? Constants.of(scale) : Constants.create(scale);
    }
    NDArray ofRows = column(counts, from, to);
    return isMean ? ofRows.div(Constants.create(weight)) : ofRows;
  }

  private NDArray column(double[] numbers, long from, long to) {
    return z.getManager()
        .create(Arrays.copyOfRange(numbers, (int) from, (int) to), new Shape(to - from, 1))
        .toDevice(z.getDevice(), false);
  }
}
