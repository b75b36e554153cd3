package org.stableops.kernel;

/**
 * A loss of each element, from x, its target and perhaps its sample weight: the loss, its first and
 * its second derivative by x, and what they are reduced to.
 *
 * <p>An element of sample weight 0 has 0 in everything and is never read. Floats are computed in
 * double and rounded once, but for exponentials that a loss may compute in float. The same input
 * has the same bits at any number of threads.
 */
public final class ElementLossKernel {
  /** A loss on tiles of doubles, of which the first {@code count} elements count. */
  interface Form {
    /**
     * Computes what the others share, of the elements from a number on; if x are floats, which
     * stand in scratch.floatIn as well, it may do so in float.
     */
    void prepare(double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch);

    void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch);

    void gradient(double[] x, int count, double[] out, Scratch scratch);

    void secondDerivative(double[] x, int count, double[] out, Scratch scratch);

    /** Targets are from 0 to this. */
    double largestTarget();

    /** What targets must be, for the message. */
    String targets();
  }

  private final Form form;

  ElementLossKernel(Form form) {
    this.form = form;
  }

  /**
   * Tells whether an element may be a target.
   *
   * @param y any number
   * @return whether it is in the loss's domain
   */
  public boolean isTarget(double y) {
    return y >= 0 && y <= form.largestTarget();
  }

  /**
   * Checks targets and sample weights, and adds up the weights.
   *
   * @param targetsName what messages call the targets
   * @param targets one per element
   * @param sampleWeights one per element, or null for 1 everywhere
   * @return Σ a
   * @throws IllegalArgumentException if a weight is negative or not finite, or the target of an
   *     element that counts is none, or the weights add up to infinity
   */
  public double weight(String targetsName, Elements targets, Elements sampleWeights) {
    int tiles = Tiles.count(targets.size());
    double[] sums = new double[tiles];
    Tiles.forEachTile(
        targets.size(),
        (from, count, scratch) -> {
          double[] weights = weights(sampleWeights, from, count, scratch);
          targets.load(from, count, scratch.parameter, scratch);
          require(targetsName, scratch.parameter, weights, from, count);
          sums[from / Tiles.SIZE] = weights == null ? count : sum(weights, count, scratch);
        });
    double weight = Sums.pairwise(sums, tiles, new double[tiles]);
    if (weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "sampleWeights must add up to a finite number, got Infinity");
    }
    return weight;
  }

  private void require(String name, double[] y, double[] weights, int from, int count) {
    double largest = form.largestTarget();
    for (int i = 0; i < count; i++) {
      if (weights != null && !(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sampleWeights[%d] must be finite and >= 0, got %s".formatted(from + i, weights[i]));
      }
      if (!(y[i] >= 0 && y[i] <= largest) && (weights == null || weights[i] != 0)) {
        throw new IllegalArgumentException(
            "%s[%d] must be %s, got %s".formatted(name, from + i, form.targets(), y[i]));
      }
    }
  }

  /** A copy of the sum, for the weights are needed afterwards. */
  private static double sum(double[] weights, int count, Scratch scratch) {
    System.arraycopy(weights, 0, scratch.out, 0, count);
    return Sums.pairwise(scratch.out, count, scratch.e);
  }

  private static double[] weights(Elements sampleWeights, int from, int count, Scratch scratch) {
    if (sampleWeights == null) {
      return null;
    }
    sampleWeights.load(from, count, scratch.maxima, scratch);
    return scratch.maxima;
  }

  /**
   * Computes the losses of elements with valid targets.
   *
   * @param x the arguments
   * @param targets one per element
   * @param sampleWeights one per element, or null for 1 everywhere
   * @param losses where a·loss is written, or null
   * @param gradient where scale·a·loss′ is written, or null
   * @param scale of the gradient
   * @return Σ a·loss
   */
  public double run(
      Elements x,
      Elements targets,
      Elements sampleWeights,
      Elements losses,
      Elements gradient,
      double scale) {
    int tiles = Tiles.count(x.size());
    double[] sums = new double[tiles];
    Tiles.forEachTile(
        x.size(),
        (from, count, scratch) -> {
          double[] weights = load(x, targets, sampleWeights, from, count, scratch);
          if (gradient != null) {
            form.gradient(scratch.in, count, scratch.out, scratch);
            store(scale, weights, gradient, from, count, scratch);
          }
          form.value(scratch.in, count, scratch.out, x.areFloats(), scratch);
          weigh(1, weights, count, scratch);
          if (losses != null) {
            losses.store(scratch.out, from, count, scratch);
          }
          sums[from / Tiles.SIZE] = Sums.pairwise(scratch.out, count, scratch.e);
        });
    return Sums.pairwise(sums, tiles, new double[tiles]);
  }

  /**
   * Writes scale·a·loss′, where the losses are not wanted.
   *
   * @param x the arguments
   * @param targets one per element
   * @param sampleWeights one per element, or null for 1 everywhere
   * @param out as long as x
   * @param scale of the derivative
   */
  public void gradient(
      Elements x, Elements targets, Elements sampleWeights, Elements out, double scale) {
    derivative(form::gradient, x, targets, sampleWeights, out, scale);
  }

  /**
   * Writes scale·a·loss″.
   *
   * @param x the arguments
   * @param targets one per element
   * @param sampleWeights one per element, or null for 1 everywhere
   * @param out as long as x
   * @param scale of the derivative
   */
  public void secondDerivative(
      Elements x, Elements targets, Elements sampleWeights, Elements out, double scale) {
    derivative(form::secondDerivative, x, targets, sampleWeights, out, scale);
  }

  /** A derivative on a prepared tile. */
  @FunctionalInterface
  private interface Derivative {
    void compute(double[] x, int count, double[] out, Scratch scratch);
  }

  private void derivative(
      Derivative derivative,
      Elements x,
      Elements targets,
      Elements sampleWeights,
      Elements out,
      double scale) {
    Tiles.forEachTile(
        x.size(),
        (from, count, scratch) -> {
          double[] weights = load(x, targets, sampleWeights, from, count, scratch);
          derivative.compute(scratch.in, count, scratch.out, scratch);
          store(scale, weights, out, from, count, scratch);
        });
  }

  /** Loads a tile, and returns its weights. */
  private double[] load(
      Elements x, Elements targets, Elements sampleWeights, int from, int count, Scratch scratch) {
    targets.load(from, count, scratch.parameter, scratch);
    double[] weights = weights(sampleWeights, from, count, scratch);
    if (x.areFloats()) {
      x.load(from, count, scratch.floatIn);
      scratch.floatMath.widen(scratch.floatIn, 0, count, scratch.in);
    } else {
      x.load(from, count, scratch.in, scratch);
    }
    form.prepare(scratch.in, scratch.parameter, from, count, x.areFloats(), scratch);
    return weights;
  }

  private static void store(
      double scale, double[] weights, Elements out, int from, int count, Scratch scratch) {
    weigh(scale, weights, count, scratch);
    out.store(scratch.out, from, count, scratch);
  }

  /** Multiplies the results by scale and weights, of which 0 outweighs NaN. */
  private static void weigh(double scale, double[] weights, int count, Scratch scratch) {
    double[] out = scratch.out;
    if (scale != 1) {
      for (int i = 0; i < count; i++) {
        out[i] *= scale;
      }
    }
    for (int i = 0; weights != null && i < count; i++) {
      out[i] = weights[i] == 0 ? 0 : weights[i] * out[i];
    }
  }
}
