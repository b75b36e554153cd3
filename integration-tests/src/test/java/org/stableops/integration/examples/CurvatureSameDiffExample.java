package org.stableops.integration.examples;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

final class CurvatureSameDiffExample {
  private CurvatureSameDiffExample() {}

  static Map<String, INDArray> product(
      SameDiff graph,
      SDVariable x,
      SDVariable labels,
      SDVariable w1,
      SDVariable w2,
      SDVariable v1,
      SDVariable v2) {
    // README: network
    SDVariable inner = x.mmul(w1);
    SDVariable hidden = Softplus.value(inner);
    SDVariable logits = hidden.mmul(w2);
    SDVariable ofLogits = SparseSoftmaxCrossEntropy.gradient(logits, labels);
    SDVariable ofInner = ofLogits.mmul(graph.transpose(w2)).mul(Softplus.gradient(inner));
    SDVariable slope1 = graph.transpose(x).mmul(ofInner).mul(v1).sum();
    SDVariable slope2 = graph.transpose(hidden).mmul(ofLogits).mul(v2).sum();
    slope1.add(slope2).rename("slope");
    graph.setLossVariables("slope");
    Map<String, INDArray> product = graph.calculateGradients(Map.of(), "w1", "w2");
    // end
    return product;
  }
}
