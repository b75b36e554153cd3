package org.stableops.kernel;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;

/**
 * Softmax cross-entropy of one row by its definition, in double: without tiles, blocks, scaled
 * exponentials or special cases.
 *
 * @param loss with its z-loss, times the sample weight
 * @param zLoss that part of it
 * @param logSumExp of the logits
 * @param weight ω, times the sample weight
 * @param gradient of the loss
 * @param softmax p
 */
record RowReference(
    double loss,
    double zLoss,
    double logSumExp,
    double weight,
    double[] gradient,
    double[] softmax) {

  static RowReference of(
      double[] logits, double[] probabilities, double sampleWeight, CrossEntropyOptions options) {
    int classes = logits.length;
    double[] w = options.classWeights();
    if (w.length == 0) {
      w = new double[classes];
      Arrays.fill(w, 1);
    }
    double max = Arrays.stream(logits).max().orElseThrow();
    double logSumExp = max + Math.log(Arrays.stream(logits).map(z -> Math.exp(z - max)).sum());
    double probability = Arrays.stream(probabilities).sum();
    long live = Arrays.stream(logits).filter(z -> z > Double.NEGATIVE_INFINITY).count();
    double s = options.labelSmoothing();
    double[] v = new double[classes];
    double omega = 0;
    double crossEntropy = 0;
    for (int c = 0; c < classes; c++) {
      boolean isLive = logits[c] > Double.NEGATIVE_INFINITY;
      v[c] = w[c] * ((1 - s) * probabilities[c] + (isLive ? s * probability / live : 0));
      omega += w[c] * probabilities[c];
      crossEntropy += v[c] == 0 ? 0 : v[c] * (logSumExp - logits[c]);
    }
    double zLoss = options.zLoss() * omega * logSumExp * logSumExp;
    double total = Arrays.stream(v).sum() + 2 * options.zLoss() * omega * logSumExp;
    double[] p = Arrays.stream(logits).map(z -> Math.exp(z - logSumExp)).toArray();
    double[] gradient = new double[classes];
    Arrays.setAll(gradient, c -> sampleWeight * (total * p[c] - v[c]));
    return new RowReference(
        sampleWeight * (crossEntropy + zLoss),
        sampleWeight * zLoss,
        logSumExp,
        sampleWeight * omega,
        gradient,
        p);
  }

  static double[] oneHot(int classes, int label) {
    double[] probabilities = new double[classes];
    probabilities[label] = 1;
    return probabilities;
  }
}
