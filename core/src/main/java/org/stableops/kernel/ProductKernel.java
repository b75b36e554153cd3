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
    if (product.size() != factor.size()) {
      throw new IllegalArgumentException(
          "factor must have %d elements, got %d".formatted(product.size(), factor.size()));
    }
    boolean inFloat = product.areFloats() && factor.areFloats();
    int size = product.size();
    Tiles.forEach(
        Tiles.count(size),
        (tile, scratch) -> {
          int from = tile * Tiles.SIZE;
          int count = Math.min(Tiles.SIZE, size - from);
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
    for (int i = 0; i < count; i++) {
      out[i] *= in[i];
    }
    product.store(out, from, count, scratch);
  }
}
