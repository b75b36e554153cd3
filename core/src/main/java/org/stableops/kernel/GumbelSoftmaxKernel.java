package org.stableops.kernel;

/**
 * p = softmax((z + g)/τ) of contiguous rows, the one-hot row of its largest element, and the
 * derivatives of p. With k the largest element, q = (s − s_k)/τ of s = z + g, and v = u − u_k of an
 * upstream u, nothing cancels: the gradient is p·(v − Σp·v)/τ, and ∂p/∂τ = −p·(q − Σp·q)/τ.
 */
public final class GumbelSoftmaxKernel {
  /** From rows of logits, noise and perhaps an upstream gradient to as many numbers. */
  @FunctionalInterface
  public interface Sweep {
    /**
     * Computes rows.
     *
     * @param z rows × classes logits
     * @param g as many numbers, the noise
     * @param temperature τ, positive and finite
     * @param rows the number of rows
     * @param classes the length of a row
     * @param upstream as many numbers, or null where there are none
     * @param out where to write as many
     */
    void apply(
        Elements z,
        Elements g,
        double temperature,
        int rows,
        int classes,
        Elements upstream,
        Elements out);
  }

  private GumbelSoftmaxKernel() {}

  /** p; a {@link Sweep} without upstream. */
  public static void value(
      Elements z, Elements g, double temperature, int rows, int classes, Elements u, Elements out) {
    new GumbelRows(z, g, temperature, classes, out, GumbelSoftmaxKernel::setP).sweep(rows);
  }

  private static void setP(GumbelBlock block) {
    for (int i = block.from; i < block.from + block.count; i++) {
      block.results[i] = block.p(i);
    }
  }

  /** 1 at the largest z + g, the first of several, and 0 elsewhere; without upstream. */
  public static void hard(
      Elements z, Elements g, double temperature, int rows, int classes, Elements u, Elements out) {
    new GumbelRows(z, g, temperature, classes, out, GumbelBlock::setOneHot).sweep(rows);
  }

  /** The gradient of Σ u·p by z, and by g. */
  public static void gradient(
      Elements z, Elements g, double temperature, int rows, int classes, Elements u, Elements out) {
    new GumbelRows(z, g, temperature, classes, out, new Gradient(u, classes)).sweep(rows);
  }

  /** ∂p/∂τ, or with an upstream the terms of the gradient of Σ u·p by τ. */
  public static void byTemperature(
      Elements z, Elements g, double temperature, int rows, int classes, Elements u, Elements out) {
    new GumbelRows(z, g, temperature, classes, out, new ByTemperature(u, classes)).sweep(rows);
  }

  /** v, with u_k noted. */
  private static double[] beyondLargest(Elements upstream, GumbelBlock block, int classes) {
    double[] v = block.load(upstream, classes);
    for (int i = 0; i < block.count; i++) {
      v[i] -= block.noted;
    }
    return v;
  }

  private static double atLargest(Elements upstream, GumbelBlock row, int classes) {
    return upstream.get(row.row * classes + row.largest);
  }

  private record Gradient(Elements upstream, int classes) implements GumbelRows.Visitor {
    @Override
    public void row(GumbelBlock row) {
      row.noted = atLargest(upstream, row, classes);
    }

    @Override
    public void survey(GumbelBlock block) {
      block.addToSum(beyondLargest(upstream, block, classes));
    }

    @Override
    public void block(GumbelBlock block) {
      double[] v = beyondLargest(upstream, block, classes);
      double mean = block.mean();
      for (int i = 0; i < block.count; i++) {
        // The quotient first: p may be subnormal, and its product with 1/τ not.
        double slope = (v[i] - mean) / block.temperature;
        block.results[block.from + i] = block.p(block.from + i) * slope;
      }
    }
  }

  private record ByTemperature(Elements upstream, int classes) implements GumbelRows.Visitor {
    @Override
    public void row(GumbelBlock row) {
      row.noted = upstream == null ? 0 : atLargest(upstream, row, classes);
    }

    @Override
    public void survey(GumbelBlock block) {
      System.arraycopy(block.quotients, block.from, block.scratch.d, 0, block.count);
      block.addToSum(block.scratch.d);
    }

    @Override
    public void block(GumbelBlock block) {
      double[] v = upstream == null ? null : beyondLargest(upstream, block, classes);
      double mean = block.mean();
      for (int i = 0; i < block.count; i++) {
        int at = block.from + i;
        double slope = block.p(at) * ((mean - block.quotients[at]) / block.temperature);
        block.results[at] = v == null ? slope : slope * v[i];
      }
    }
  }
}
