package org.stableops.integration.language;

import java.util.List;

/** Words by their frequency, whatever came before, with one added to each count. */
public final class Unigrams implements LanguageModel {
  private final double[] probabilities;

  /**
   * Counts words.
   *
   * @param glosses to learn from
   * @param vocabulary the number of words
   */
  public Unigrams(List<int[]> glosses, int vocabulary) {
    probabilities = new double[vocabulary];
    double total = vocabulary;
    for (int[] gloss : glosses) {
      for (int word : gloss) {
        probabilities[word]++;
      }
      total += gloss.length;
    }
    for (int word = 0; word < vocabulary; word++) {
      probabilities[word] = (probabilities[word] + 1) / total;
    }
  }

  @Override
  public double probability(int previous, int word) {
    return probabilities[word];
  }

  /**
   * Returns the logarithms of all probabilities: the bias of a softmax that knows no more than
   * that.
   *
   * @return a number for each word
   */
  public float[] logarithms() {
    float[] logarithms = new float[probabilities.length];
    for (int word = 0; word < logarithms.length; word++) {
      logarithms[word] = (float) Math.log(probabilities[word]);
    }
    return logarithms;
  }
}
