package org.stableops.kernel;

/** The product of two arrays, element by element, which a host's own call takes longer to begin. */
public final class ProductKernel {
  private ProductKernel() {}

  /**
   * Multiplies an array by another, with one rounding per element.
   *
   * @param product one factor, overwritten with the product
   * @param factor the other, as long as the first; may be the same
   * @throws IllegalArgumentException if it is not as long
   */
  public static void multiply(Elements product, Elements factor) {
    factor.requireLength("factor", product.size());
    boolean inFloat = product.areFloats() && factor.areFloats();
    Tiles.forEachTile(
        product.size(),
        (from, count, scratch) -> {
          if (inFloat) {
            floatTile(product, factor, from, count, scratch);
          } else {
            doubleTile(product, factor, from, count, scratch);
          }
        });
  }

  private static void floatTile(
      Elements product, Elements factor, int from, int count, Scratch scratch) {
    float[] out = scratch.floatOut;
    float[] in = scratch.floatIn;
    product.load(from, count, out);
    factor.load(from, count, in);
    for (int i = 0; i < count; i++) {
      out[i] *= in[i];
    }
    product.store(out, from, count);
  }

  private static void doubleTile(
      Elements product, Elements factor, int from, int count, Scratch scratch) {
    double[] out = scratch.out;
    double[] in = scratch.in;
    product.load(from, count, out, scratch);
    factor.load(from, count, in, scratch);
    multiply(out, in, count);
    product.store(out, from, count, scratch);
  }

  /** Multiplies the first {@code count} elements of a tile. */
  static void multiply(double[] product, double[] factor, int count) {
    for (int i = 0; i < count; i++) {
      product[i] *= factor[i];
    }
  }
}
