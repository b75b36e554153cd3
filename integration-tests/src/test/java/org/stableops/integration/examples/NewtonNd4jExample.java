package org.stableops.integration.examples;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

final class NewtonNd4jExample {
  private NewtonNd4jExample() {}

  static double temperature(INDArray logits, INDArray labels) {
    // README: temperature
    double logarithm = 0;
    for (int step = 0; step < 6; step++) {
      INDArray z = logits.mul(Math.exp(-logarithm));
      INDArray gradient = SparseSoftmaxCrossEntropy.gradient(z, labels);
      INDArray product = SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, z);
      double along = gradient.mul(z).sumNumber().doubleValue(); // by log T: slope −along
      double curvature = product.mul(z).sumNumber().doubleValue() + along;
      logarithm += along / curvature;
    }
    // end
    return Math.exp(logarithm);
  }
}
