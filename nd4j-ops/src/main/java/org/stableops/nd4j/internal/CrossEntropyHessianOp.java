package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.SoftmaxLoss;

/**
 * The product of a cross-entropy's Hessian and v in a graph, from logits, labels, upstream, the
 * loss, v, and perhaps sample weights.
 */
public abstract class CrossEntropyHessianOp extends CrossEntropyDerivativeOp {
  protected CrossEntropyHessianOp(SoftmaxLoss loss) {
    super(loss, loss.hessianGraphName(), 5);
  }

  @Override
  final CrossEntropy wanted(CrossEntropy call, List<INDArray> inputs, Temporaries temporaries) {
    return call.withHessianVectorProduct(upstreamLike(inputs.get(0), inputs.get(4), temporaries));
  }
}
