package org.stableops.op;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Blocks;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.RowLosses;

/**
 * A linear cross-entropy by pieces of tokens: the logits of a piece are computed once, become its
 * losses and, in the same memory, their gradient, which is multiplied into the wanted gradients
 * before the next piece. Tokens that do not count are in no piece.
 *
 * <p>The Gauss–Newton product goes the same way with a second array of a piece beside the logits:
 * how these change along the direction, which becomes the Hessian's product with that.
 *
 * <p>Why pieces of tokens, and not of the vocabulary: a token's log-sum-exp is known only when all
 * classes have been seen, so that the logits would be computed twice.
 */
public final class LinearPieces {
  /**
   * Minimum number of tokens in a piece. Each piece reads the weight and its gradient once; from so
   * many tokens on, the products take longer than that.
   */
  private static final int TOKENS = 128;

  /**
   * What the logits of a piece may take if it has more tokens: below 32 MB malloc gives libtorch
   * the memory of the piece before, from there on fresh pages.
   */
  private static final long BYTES = 31L << 20;

  /** What each token weighs, 0 where it is ignored. */
  private final double[] counts;

  private final long classes;
  private final double weight;

  /** The tokens that count, and of these the labels and what their losses are multiplied by. */
  private final int[] tokens;

  private final long[] labels;
  private final double[] scales;

  private LinearPieces(
      double[] counts, long classes, double weight, int[] tokens, long[] labels, double[] scales) {
    this.counts = counts;
    this.classes = classes;
    this.weight = weight;
    this.tokens = tokens;
    this.labels = labels;
    this.scales = scales;
  }

  /**
   * Finds out which tokens count, and what they weigh in the reduced loss.
   *
   * @param logits their shape, [N, V]
   * @param labels one per token, valid where it counts
   * @param sampleWeights one per token, or null for 1 everywhere
   * @param options all but the axis
   * @return the pieces
   * @throws IllegalArgumentException if the weights add up to infinity
   */
  public static LinearPieces of(
      SoftmaxShape logits, long[] labels, double[] sampleWeights, CrossEntropyOptions options) {
    double[] counts = logits.rowWeights(labels, sampleWeights, options);
    double weight = RowLosses.weight(SoftmaxShape.labelWeights(labels, counts, options), counts);
    double[] scales = RowLosses.scales(counts, weight, options.reduction());
    int[] tokens = IntStream.range(0, scales.length).filter(i -> scales[i] != 0).toArray();
    return new LinearPieces(
        counts,
        logits.classes(),
        weight,
        tokens,
        Arrays.stream(tokens).mapToLong(token -> labels[token]).toArray(),
        Arrays.stream(tokens).mapToDouble(token -> scales[token]).toArray());
  }

  /** The same pieces, whose losses are multiplied: each by its own number, or all by one. */
  public LinearPieces times(double[] factors) {
    double[] products = new double[scales.length];
    Arrays.setAll(
        products,
        i -> {
          double product = scales[i] * factors[factors.length == 1 ? 0 : tokens[i]];
          // A diverged upstream gradient; as a weight, infinity would be refused.
          return Double.isInfinite(product) ? Double.NaN : product;
        });
    return new LinearPieces(counts, classes, weight, tokens, labels, products);
  }

  /** Computes the losses of a piece, and adds its part to the gradients. */
  @FunctionalInterface
  public interface Piece {
    /**
     * Works on the tokens that count from one number to below another.
     *
     * @param from the first
     * @param to the one after the last
     * @param labels theirs
     * @param scales what their losses are multiplied by
     * @return their losses, multiplied
     */
    double[] losses(int from, int to, long[] labels, double[] scales);
  }

  /**
   * Runs through all pieces and returns the losses of all tokens, 0 for tokens that do not count.
   *
   * @param bytes what one logit and all that stands beside it take
   * @param piece what to do
   */
  public double[] losses(int bytes, Piece piece) {
    double[] losses = new double[counts.length];
    Blocks.forEach(
        tokens.length,
        classes,
        elements(classes, bytes),
        (first, last) -> {
          int from = (int) first;
          int to = (int) last;
          double[] ofPiece =
              piece.losses(
                  from,
                  to,
                  Arrays.copyOfRange(labels, from, to),
                  Arrays.copyOfRange(scales, from, to));
          for (int i = from; i < to; i++) {
            losses[tokens[i]] = ofPiece[i - from];
          }
        });
    return losses;
  }

  /** The maximum number of logits in a piece, which fits in a buffer. */
  public static long elements(long classes, int bytes) {
    return Math.min(Math.max(BYTES / bytes, TOKENS * classes), Integer.MAX_VALUE / Double.BYTES);
  }

  /** The number of tokens in the largest piece. */
  public int most(int bytes) {
    return (int) Blocks.most(tokens.length, classes, elements(classes, bytes));
  }

  /** What each token weighs, 0 where it is ignored; not a copy. */
  public double[] counts() {
    return counts;
  }

  /** What MEAN divides by. */
  public double weight() {
    return weight;
  }

  /** The number of tokens that count. */
  public int count() {
    return tokens.length;
  }

  /** Whether all tokens count. */
  public boolean isWhole() {
    return tokens.length == counts.length;
  }

  /** Where some of the tokens that count are among all. */
  public int[] places(int from, int to) {
    return Arrays.copyOfRange(tokens, from, to);
  }

  /**
   * Where each of all tokens is among those that count, or, if it does not, the number of those.
   */
  public int[] positions() {
    int[] positions = new int[counts.length];
    Arrays.fill(positions, tokens.length);
    for (int i = 0; i < tokens.length; i++) {
      positions[tokens[i]] = i;
    }
    return positions;
  }

  /**
   * Reduces losses that have been multiplied.
   *
   * @param losses one per token
   * @param reduction any
   * @return themselves for NONE, else their sum
   */
  public static double[] reduced(double[] losses, Reduction reduction) {
    return reduction == Reduction.NONE ? losses : new double[] {Arrays.stream(losses).sum()};
  }
}
