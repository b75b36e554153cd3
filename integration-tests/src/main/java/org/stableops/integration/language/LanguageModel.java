package org.stableops.integration.language;

import java.util.List;
import org.stableops.integration.data.Glosses;

/** Probabilities of words, of which those after one word sum to 1. */
public interface LanguageModel {
  /**
   * Returns the probability of a word.
   *
   * @param previous the word before it, {@link Glosses#END} for the first one
   * @param word the word itself
   * @return a positive number
   */
  double probability(int previous, int word);

  /**
   * Returns e to the mean of −log p over all words and ends: of as many equally likely words as
   * that each one would have to be guessed.
   *
   * @param glosses that it has not learned from
   * @return the perplexity
   */
  default double perplexity(List<int[]> glosses) {
    double sum = 0;
    long count = 0;
    for (int[] gloss : glosses) {
      int previous = Glosses.END;
      for (int word : gloss) {
        sum -= Math.log(probability(previous, word));
        previous = word;
      }
      count += gloss.length;
    }
    return Math.exp(sum / count);
  }
}
