package org.stableops.kernel;

import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;

/** What the rows of logits are compared with: masses q_c, of a label or of every class. */
abstract sealed class Targets {
  /** Whether the row counts; one that does not is never read. */
  abstract boolean counts(int row);

  /** Σ_c q_c of a row that counts. */
  abstract double mass(int row);

  /** Σ_c q_c (lse − z_c) over the classes of a block. */
  abstract double loss(RowBlock block, Scratch scratch);

  /** Writes scale·(Σq·p_c − q_c) for the classes of a block, at their places in {@code out}. */
  abstract void gradient(RowBlock block, double scale, double[] out, Scratch scratch);

  /** An integer label a row. */
  static final class Labels extends Targets {
    private final long[] labels;
    private final CrossEntropyOptions options;

    Labels(long[] labels, CrossEntropyOptions options) {
      this.labels = labels;
      this.options = options;
    }

    @Override
    boolean counts(int row) {
      return !options.ignores(labels[row]);
    }

    @Override
    double mass(int row) {
      return 1;
    }

    @Override
    double loss(RowBlock block, Scratch scratch) {
      int i = block.indexOf(labels[block.row]);
      return i < 0 ? 0 : block.gap(i) + block.logSum();
    }

    @Override
    void gradient(RowBlock block, double scale, double[] out, Scratch scratch) {
      double[] exps = block.exps;
      double inverseSum = block.inverseSum();
      for (int i = block.from; i < block.from + block.count; i++) {
        out[i] = scale * (exps[i] * inverseSum);
      }
      int i = block.indexOf(labels[block.row]);
      if (i >= 0) {
        out[i] = -scale * block.oneMinusP(i);
      }
    }
  }

  /** A mass for every class of every row. */
  static final class Masses extends Targets {
    private final Elements masses;
    private final int classes;
    private final double[] rowMasses;

    Masses(Elements masses, int classes, int rows, double[] sampleWeights) {
      this.masses = masses;
      this.classes = classes;
      this.rowMasses = new double[rows];
      Scratch scratch = Scratch.ofThread();
      for (int row = 0; row < rows; row++) {
        if (sampleWeights != null && sampleWeights[row] == 0) {
          continue;
        }
        for (int firstClass = 0; firstClass < classes; firstClass += Tiles.SIZE) {
          rowMasses[row] += requireMasses(row, firstClass, scratch);
        }
      }
    }

    /** Checks the masses of a block and returns their sum. */
    private double requireMasses(int row, int firstClass, Scratch scratch) {
      int count = Math.min(Tiles.SIZE, classes - firstClass);
      double[] q = load(row, firstClass, count, scratch);
      for (int i = 0; i < count; i++) {
        CrossEntropyShape.requireMass(q[i], row, firstClass + i);
      }
      return Sums.pairwise(q, 0, count, scratch.b);
    }

    private double[] load(int row, int firstClass, int count, Scratch scratch) {
      masses.load(row * classes + firstClass, count, scratch.c, scratch);
      return scratch.c;
    }

    @Override
    boolean counts(int row) {
      return true;
    }

    @Override
    double mass(int row) {
      return rowMasses[row];
    }

    @Override
    double loss(RowBlock block, Scratch scratch) {
      double[] q = load(block.row, block.firstClass, block.count, scratch);
      double[] terms = scratch.b;
      double logSum = block.logSum();
      for (int i = 0; i < block.count; i++) {
        terms[i] = q[i] > 0 ? q[i] * (block.gap(block.from + i) + logSum) : 0;
      }
      // A row that is NaN is so even where no mass is.
      return Double.isNaN(logSum) ? Double.NaN : Sums.pairwise(terms, 0, block.count, scratch.b);
    }

    @Override
    void gradient(RowBlock block, double scale, double[] out, Scratch scratch) {
      double[] q = load(block.row, block.firstClass, block.count, scratch);
      double[] exps = block.exps;
      double inverseSum = block.inverseSum();
      double mass = rowMasses[block.row];
      for (int i = 0; i < block.count; i++) {
        double p = exps[block.from + i] * inverseSum;
        out[block.from + i] = gradient(scale, mass, q[i], p, 1 - p);
      }
      int i = block.indexOf(block.argmax);
      if (i >= 0) {
        out[i] = gradient(scale, mass, q[i - block.from], block.p(i), block.oneMinusP(i));
      }
    }

    /** scale·(mass·p − q), by two terms each of which is accurate where it matters. */
    private static double gradient(
        double scale, double mass, double q, double p, double oneMinusP) {
      return scale * ((mass - q) * p - q * oneMinusP);
    }
  }
}
