package org.stableops.integration.examples;

import ai.djl.ndarray.NDArray;
import org.stableops.djl.PoissonLoss;

final class NewtonDjlExample {
  private NewtonDjlExample() {}

  static NDArray coefficients(NDArray x, NDArray counts, NDArray start) {
    NDArray beta = start;
    // README: regression
    for (int step = 0; step < 5; step++) {
      NDArray raw = x.matMul(beta); // the rate is e^raw
      NDArray slope = x.transpose().matMul(PoissonLoss.gradient(raw, counts));
      NDArray second = PoissonLoss.secondDerivative(raw, counts).expandDims(1);
      NDArray hessian = x.transpose().matMul(x.mul(second));
      beta = beta.sub(hessian.inverse().matMul(slope));
    }
    // end
    return beta;
  }
}
