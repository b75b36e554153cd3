package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.internal.SoftmaxShape;

/**
 * What the rows of logits are compared with: v_c = w_c q′_c, the probabilities of the classes,
 * smoothed and weighted. The loss of a row is Σ_c v_c (lse − z_c), its gradient Σv·p_c − v_c.
 */
abstract sealed class Targets {
  /** Labels or probabilities, as the options smooth and weigh them. */
  static Targets smoothed(Targets targets, CrossEntropyOptions options) {
    return options.labelSmoothing() == 0 ? targets : new Smoothed(targets, options);
  }

  /**
   * Probabilities, which are read once if all rows are one-hot, for they are labels then.
   *
   * @throws IllegalArgumentException if a probability is negative or not finite
   */
  static Targets ofProbabilities(
      Elements probabilities,
      int classes,
      int rows,
      long firstRow,
      double[] sampleWeights,
      CrossEntropyOptions options) {
    long[] labels = OneHot.labels(probabilities, classes, rows, sampleWeights);
    return labels == null
        ? new Probabilities(probabilities, classes, rows, firstRow, sampleWeights, options)
        : new Labels(labels, options);
  }

  /** Whether the row counts; one that does not is never read. */
  abstract boolean counts(int row);

  /** Σ_c q_c of a row that counts. */
  abstract double total(int row);

  /** ω = Σ_c w_c q_c of a row that counts: what it weighs in the mean. */
  abstract double weight(int row);

  /** What each row weighs in the mean: its sample weight times ω, and 0 if it does not count. */
  final double[] weights(double[] sampleWeights, int rows) {
    double[] weights = RowArrays.ofThread().zeros(RowArrays.WEIGHTS, rows);
    for (int row = 0; row < rows; row++) {
      double a = sampleWeights == null ? 1 : sampleWeights[row];
      weights[row] = a != 0 && counts(row) ? a * weight(row) : 0;
    }
    return weights;
  }

  /** Notes what the total will need of the whole row. */
  void survey(RowBlock block, Scratch scratch) {}

  /** W = Σ_c v_c of a row. */
  double total(RowBlock row) {
    return weight(row.row);
  }

  /** Returns a tile whose first elements are the v_c of a block. */
  abstract double[] coefficients(RowBlock block, Scratch scratch);

  /** Σ_c v_c (lse − z_c) over the classes of a block. */
  double loss(RowBlock block, Scratch scratch) {
    double[] v = coefficients(block, scratch);
    double[] z = block.logits(scratch.d);
    double[] terms = scratch.b;
    double logSum = block.logSum();
    for (int i = 0; i < block.count; i++) {
      terms[i] = v[i] > 0 ? v[i] * (block.gap(z[i]) + logSum) : 0;
    }
    // A row that is NaN is so even where no probability is.
    return Double.isNaN(logSum) ? Double.NaN : Sums.pairwise(terms, block.count, scratch.d);
  }

  /** Sets the results of a block to scale·(W·p_c − v_c + z·p_c). */
  void gradient(RowBlock block, double scale, double z, Scratch scratch) {
    double[] v = coefficients(block, scratch);
    double[] exps = block.exps(scratch.d);
    double[] results = scratch.b;
    double inverseSum = block.inverseSum();
    double total = total(block);
    for (int i = 0; i < block.count; i++) {
      double p = exps[i] * inverseSum;
      results[i] = gradient(scale, total, z, v[i], p, block.oneMinusP(exps[i]));
    }
    block.setResults(results);
  }

  /** By two terms each of which is accurate where it matters. */
  private static double gradient(
      double scale, double total, double z, double v, double p, double oneMinusP) {
    return scale * ((total - v + z) * p - v * oneMinusP);
  }

  /** An integer label a row: all probability at one class. */
  static final class Labels extends Targets {
    private final long[] labels;
    private final double[] classWeights;
    private final CrossEntropyOptions options;

    Labels(long[] labels, CrossEntropyOptions options) {
      this.labels = labels;
      this.classWeights = options.classWeights();
      this.options = options;
    }

    @Override
    boolean counts(int row) {
      return !options.ignores(labels[row]);
    }

    @Override
    double total(int row) {
      return 1;
    }

    @Override
    double weight(int row) {
      return classWeights.length == 0 ? 1 : classWeights[(int) labels[row]];
    }

    @Override
    double[] coefficients(RowBlock block, Scratch scratch) {
      double[] v = scratch.c;
      Arrays.fill(v, 0, block.count, 0);
      int i = block.indexOf(labels[block.row]);
      if (i >= 0) {
        v[i - block.from] = weight(block.row);
      }
      return v;
    }

    @Override
    double loss(RowBlock block, Scratch scratch) {
      double logSum = block.logSum();
      int i = block.indexOf(labels[block.row]);
      double weight = weight(block.row);
      if (i < 0 || weight == 0) {
        return Double.isNaN(logSum) ? Double.NaN : 0;
      }
      return weight * (block.gap(i) + logSum);
    }

    @Override
    void gradient(RowBlock block, double scale, double z, Scratch scratch) {
      double weight = weight(block.row);
      block.scaleExps(scale * (weight + z) * block.inverseSum());
      int i = block.indexOf(labels[block.row]);
      if (i >= 0) {
        block.setResult(i, scale * (z * block.p(i) - weight * block.oneMinusP(block.exp(i))));
      }
    }
  }

  /** A probability for every class of every row. */
  static final class Probabilities extends Targets {
    private final Elements probabilities;
    private final int classes;
    private final long firstRow;
    private final double[] classWeights;
    private final double[] rowSums;
    private final double[] rowWeights;

    Probabilities(
        Elements probabilities,
        int classes,
        int rows,
        long firstRow,
        double[] sampleWeights,
        CrossEntropyOptions options) {
      this.probabilities = probabilities;
      this.classes = classes;
      this.firstRow = firstRow;
      this.classWeights = options.classWeights();
      this.rowSums = new double[rows];
      this.rowWeights = classWeights.length == 0 ? rowSums : new double[rows];
      Tiles.forEach(
          rows,
          (row, scratch) -> {
            if (sampleWeights == null || sampleWeights[row] != 0) {
              addUp(row, scratch);
            }
          });
      requireValid();
    }

    /** Adds up the probabilities of a row: to NaN if one of them is invalid. */
    private void addUp(int row, Scratch scratch) {
      for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
        int count = Math.min(Tiles.SIZE, classes - firstClass);
        double[] q = load(row, firstClass, count, scratch);
        boolean isValid = true;
        for (int i = 0; i < count; i++) {
          isValid &= SoftmaxShape.isProbability(q[i]);
        }
        rowSums[row] += isValid ? Sums.pairwise(q, count, scratch.b) : Double.NaN;
        if (classWeights.length > 0) {
          double[] weighted = load(row, firstClass, count, scratch);
          weigh(weighted, firstClass, count);
          rowWeights[row] += Sums.pairwise(weighted, count, scratch.b);
        }
      }
    }

    /** Throws for the first invalid probability, whichever thread has found it. */
    private void requireValid() {
      for (int row = 0; row < rowSums.length; row++) {
        for (int label = 0; Double.isNaN(rowSums[row]) && label < classes; label++) {
          double probability = probabilities.get(row * classes + label);
          SoftmaxShape.requireProbability(probability, firstRow + row, label);
        }
      }
    }

    private double[] load(int row, int firstClass, int count, Scratch scratch) {
      probabilities.load(row * classes + firstClass, count, scratch.c, scratch);
      return scratch.c;
    }

    private void weigh(double[] q, int firstClass, int count) {
      for (int i = 0; i < count; i++) {
        q[i] *= classWeights[firstClass + i];
      }
    }

    @Override
    boolean counts(int row) {
      return true;
    }

    @Override
    double total(int row) {
      return rowSums[row];
    }

    @Override
    double weight(int row) {
      return rowWeights[row];
    }

    @Override
    double[] coefficients(RowBlock block, Scratch scratch) {
      double[] v = load(block.row, block.firstClass, block.count, scratch);
      if (classWeights.length > 0) {
        weigh(v, block.firstClass, block.count);
      }
      return v;
    }
  }

  /** Takes the share s from every class and spreads it over the K live ones. */
  static final class Smoothed extends Targets {
    private final Targets sharp;
    private final double smoothing;
    private final double[] classWeights;

    private Smoothed(Targets sharp, CrossEntropyOptions options) {
      this.sharp = sharp;
      this.smoothing = options.labelSmoothing();
      this.classWeights = options.classWeights();
    }

    @Override
    boolean counts(int row) {
      return sharp.counts(row);
    }

    @Override
    double total(int row) {
      return sharp.total(row);
    }

    @Override
    double weight(int row) {
      return sharp.weight(row);
    }

    /** Counts the live classes and adds up their weights. */
    @Override
    void survey(RowBlock block, Scratch scratch) {
      double[] z = block.logits(scratch.d);
      for (int i = 0; i < block.count; i++) {
        if (z[i] > Double.NEGATIVE_INFINITY) {
          block.live++;
          block.sum += classWeight(block.firstClass + i);
        }
      }
    }

    private double classWeight(int label) {
      return classWeights.length == 0 ? 1 : classWeights[label];
    }

    private double spread(RowBlock row) {
      return smoothing * total(row.row) / row.live;
    }

    @Override
    double total(RowBlock row) {
      return (1 - smoothing) * weight(row.row) + spread(row) * row.sum;
    }

    @Override
    double[] coefficients(RowBlock block, Scratch scratch) {
      double[] v = sharp.coefficients(block, scratch);
      double[] z = block.logits(scratch.d);
      double spread = spread(block);
      for (int i = 0; i < block.count; i++) {
        v[i] *= 1 - smoothing;
        if (z[i] > Double.NEGATIVE_INFINITY) {
          v[i] += spread * classWeight(block.firstClass + i);
        }
      }
      return v;
    }
  }
}
