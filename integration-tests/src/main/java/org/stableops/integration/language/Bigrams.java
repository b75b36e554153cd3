package org.stableops.integration.language;

import java.util.List;

/**
 * Words by what came before, smoothed as Kneser and Ney do (1995), interpolated: each count c(v, w)
 * of w after v gives up a discount D, and what is taken is shared out by the number of different
 * words that w has been seen after, N(w),
 *
 * <p>p(w | v) = max(c(v, w) − D, 0)/c(v) + D·T(v)/c(v) · (N(w) + ½)/(ΣN + V/2),
 *
 * <p>where T(v) is the number of different words after v, and D = n₁/(n₁ + 2n₂) with n₁ and n₂ the
 * numbers of pairs that were seen once and twice. After a word that was not seen, the last factor
 * is all there is. The ½ is for words that the training glosses do not have.
 */
public final class Bigrams implements LanguageModel {
  private static final double UNSEEN = 0.5;

  private final PairCounts pairs;
  private final double discount;
  private final int[] total;
  private final int[] followers;
  private final double[] continuation;

  /**
   * Counts pairs of words.
   *
   * @param glosses to learn from
   * @param vocabulary the number of words
   */
  public Bigrams(List<int[]> glosses, int vocabulary) {
    pairs = PairCounts.of(glosses, vocabulary, 1);
    total = new int[vocabulary];
    followers = new int[vocabulary];
    continuation = new double[vocabulary];
    double[] seen = new double[3];
    pairs.forEach(
        (first, second, count) -> {
          total[first] += count;
          followers[first]++;
          continuation[second]++;
          seen[Math.min(count, 3) % 3]++;
        });
    discount = seen[1] / (seen[1] + 2 * seen[2]);
    double all = pairs.size() + UNSEEN * vocabulary;
    for (int word = 0; word < vocabulary; word++) {
      continuation[word] = (continuation[word] + UNSEEN) / all;
    }
  }

  @Override
  public double probability(int previous, int word) {
    if (total[previous] == 0) {
      return continuation[word];
    }
    double own = Math.max(pairs.count(previous, word) - discount, 0);
    return (own + discount * followers[previous] * continuation[word]) / total[previous];
  }

  /**
   * Returns what each count gives up.
   *
   * @return D
   */
  public double discount() {
    return discount;
  }
}
