package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy of contiguous rows of logits: the loss of each row and, if wanted, the
 * gradient, in one pass over the memory.
 *
 * <p>With m the largest logit of a row, lse − z_c = (m − z_c) + log1p(Σ_{c≠argmax} e^{z_c − m}).
 * The difference z_c − m is rounded; e^d·(1 + lost) puts back what it lost. Rows up to a tile long
 * are swept many at a time, with their exponentials kept for the gradient; longer ones in blocks,
 * with the exponentials computed once more.
 */
public final class CrossEntropyKernel {
  /** Below, e^d is 0 whatever the rounding of d lost. */
  private static final double UNDERFLOW = -746;

  private final Elements logits;
  private final int classes;
  private final Targets targets;
  private final double[] sampleWeights;
  private final Elements gradient;
  private final double scale;
  private final double[] losses;

  private CrossEntropyKernel(
      Elements logits,
      int classes,
      Targets targets,
      double[] sampleWeights,
      Elements gradient,
      double scale,
      double[] losses) {
    this.logits = logits;
    this.classes = classes;
    this.targets = targets;
    this.sampleWeights = sampleWeights;
    this.gradient = gradient;
    this.scale = scale;
    this.losses = losses;
  }

  /**
   * Refuses the options that are not implemented yet, for no option is ever ignored.
   *
   * @param options the options of a call
   * @return {@code options}
   * @throws IllegalArgumentException if there is label smoothing, a z-loss or a class weight
   */
  public static CrossEntropyOptions requireSupported(CrossEntropyOptions options) {
    if (options.labelSmoothing() != 0
        || options.zLoss() != 0
        || options.classWeights().length != 0) {
      throw new IllegalArgumentException(
          "labelSmoothing, zLoss and classWeights are not supported yet, got " + options);
    }
    return options;
  }

  /**
   * Computes the cross-entropy of integer labels.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param labels one a row: a class, or ignored by the options
   * @param sampleWeights one a row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options the reduction decides the gradient's scale
   * @param gradient where to write ∂(reduced loss)/∂logits, as long as the logits; or null
   * @return the losses of the rows and the weight of those that count
   */
  public static RowLosses sparse(
      Elements logits,
      int classes,
      long[] labels,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    Targets targets = new Targets.Labels(labels, options);
    return run(logits, classes, labels.length, targets, sampleWeights, options, gradient);
  }

  /**
   * Computes the cross-entropy of class probabilities, or of any masses that are not negative.
   *
   * @param logits rows × classes elements
   * @param classes the length of a row
   * @param masses rows × classes elements
   * @param rows the number of rows
   * @param sampleWeights one a row, or null for 1 everywhere; a row of weight 0 is never read
   * @param options the reduction decides the gradient's scale
   * @param gradient where to write ∂(reduced loss)/∂logits, as long as the logits; or null
   * @return the losses of the rows and the weight of those that count
   * @throws IllegalArgumentException if a mass is negative or not finite
   */
  public static RowLosses dense(
      Elements logits,
      int classes,
      Elements masses,
      int rows,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    Targets targets = new Targets.Masses(masses, classes, rows, sampleWeights);
    return run(logits, classes, rows, targets, sampleWeights, options, gradient);
  }

  private static RowLosses run(
      Elements logits,
      int classes,
      int rows,
      Targets targets,
      double[] sampleWeights,
      CrossEntropyOptions options,
      Elements gradient) {
    double[] weights = weights(targets, sampleWeights, rows);
    RowLosses result = new RowLosses(new double[rows], weights);
    double scale = result.scale(options.reduction());
    new CrossEntropyKernel(
            logits, classes, targets, sampleWeights, gradient, scale, result.losses())
        .run(rows);
    return result;
  }

  private static double[] weights(Targets targets, double[] sampleWeights, int rows) {
    double[] weights = new double[rows];
    for (int row = 0; row < rows; row++) {
      double a = sampleWeights == null ? 1 : sampleWeights[row];
      weights[row] = a != 0 && targets.counts(row) ? a * targets.mass(row) : 0;
    }
    return weights;
  }

  private void run(int rows) {
    long elements = (long) rows * classes;
    if (classes > Tiles.SIZE) {
      Tiles.forEach(rows, elements, this::longRow);
    } else {
      int rowsInTile = Tiles.SIZE / Math.max(1, classes);
      int tiles = (rows + rowsInTile - 1) / rowsInTile;
      Tiles.forEach(
          tiles,
          elements,
          (tile, scratch) -> {
            int first = tile * rowsInTile;
            shortRows(first, Math.min(rowsInTile, rows - first), scratch);
          });
    }
  }

  private void shortRows(int first, int rows, Scratch scratch) {
    double[] z = scratch.in;
    double[] t = scratch.a;
    int count = rows * classes;
    logits.load(first * classes, count, z, scratch);
    for (int r = 0; r < rows; r++) {
      int from = r * classes;
      int argmax = argmax(z, from, classes);
      scratch.indices[r] = argmax;
      subtract(z, from, classes, z[argmax], t);
    }
    TileMath.INSTANCE.exp(t, t, count);
    for (int r = 0; r < rows; r++) {
      RowBlock block = scratch.block;
      block.set(first + r, 0, r * classes, classes);
      block.argmax = scratch.indices[r] - block.from;
      block.max = z[scratch.indices[r]];
      restoreLost(z, block.from, classes, block.max, t);
      block.rest = guarded(block.max, sumWithoutMaximum(block, scratch));
      losses[first + r] = finish(block, scratch);
    }
    if (gradient != null) {
      gradient.store(scratch.out, first * classes, count, scratch);
    }
  }

  private void longRow(int row, Scratch scratch) {
    RowBlock block = scratch.block;
    findMaximum(row, block, scratch);
    double rest = 0;
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      loadExps(row, firstClass, block, scratch);
      rest += sumWithoutMaximum(block, scratch);
    }
    block.rest = guarded(block.max, rest);
    double loss = 0;
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      loadExps(row, firstClass, block, scratch);
      keepMaximum(block);
      loss += finish(block, scratch);
      if (gradient != null) {
        gradient.store(scratch.out, row * classes + firstClass, block.count, scratch);
      }
    }
    losses[row] = loss;
  }

  private void findMaximum(int row, RowBlock block, Scratch scratch) {
    block.argmax = 0;
    block.max = logits.get(row * classes);
    for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
      int count = Math.min(Tiles.SIZE, classes - firstClass);
      logits.load(row * classes + firstClass, count, scratch.in, scratch);
      int argmax = argmax(scratch.in, 0, count);
      if (scratch.in[argmax] > block.max) {
        block.argmax = firstClass + argmax;
        block.max = scratch.in[argmax];
      }
    }
  }

  private void loadExps(int row, int firstClass, RowBlock block, Scratch scratch) {
    double[] t = scratch.a;
    int count = Math.min(Tiles.SIZE, classes - firstClass);
    block.set(row, firstClass, 0, count);
    logits.load(row * classes + firstClass, count, scratch.in, scratch);
    subtract(scratch.in, 0, count, block.max, t);
    TileMath.INSTANCE.exp(t, t, count);
    restoreLost(scratch.in, 0, count, block.max, t);
  }

  /** Returns the part of the loss, and leaves that of the gradient, which a block contributes. */
  private double finish(RowBlock block, Scratch scratch) {
    double a = sampleWeights == null ? 1 : sampleWeights[block.row];
    boolean counts = a != 0 && targets.counts(block.row);
    if (gradient != null) {
      if (counts && scale != 0) {
        targets.gradient(block, a * scale, scratch.out, scratch);
      } else {
        Arrays.fill(scratch.out, block.from, block.from + block.count, 0);
      }
    }
    return counts ? a * targets.loss(block, scratch) : 0;
  }

  /** The place of the largest element; of the first if it is NaN. */
  private static int argmax(double[] z, int from, int count) {
    int best = from;
    for (int i = from + 1; i < from + count; i++) {
      if (z[i] > z[best]) {
        best = i;
      }
    }
    return best;
  }

  private static void subtract(double[] z, int from, int count, double max, double[] difference) {
    for (int i = from; i < from + count; i++) {
      difference[i] = z[i] - max;
    }
  }

  /** Multiplies e^d by 1 + (z − max − d), d being the rounded difference. */
  private static void restoreLost(double[] z, int from, int count, double max, double[] exps) {
    for (int i = from; i < from + count; i++) {
      double d = z[i] - max;
      double back = z[i] - d;
      double lost = (z[i] - (d + back)) + (back - max);
      exps[i] = d > UNDERFLOW ? Math.fma(exps[i], lost, exps[i]) : exps[i];
    }
  }

  private static double sumWithoutMaximum(RowBlock block, Scratch scratch) {
    int i = block.indexOf(block.argmax);
    if (i >= 0) {
      block.exps[i] = 0;
    }
    double sum = Sums.pairwise(block.exps, block.from, block.count, scratch.b);
    keepMaximum(block);
    return sum;
  }

  /** The maximum's own term is 1, also where it is infinite and its difference to itself is not. */
  private static void keepMaximum(RowBlock block) {
    int i = block.indexOf(block.argmax);
    if (i >= 0) {
      block.exps[i] = 1;
    }
  }

  /** A row without a number to start from, or with −inf everywhere, is NaN. */
  private static double guarded(double max, double rest) {
    return max > Double.NEGATIVE_INFINITY ? rest : Double.NaN;
  }
}
