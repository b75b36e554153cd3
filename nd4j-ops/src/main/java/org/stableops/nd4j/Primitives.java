package org.stableops.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * What the composites need beyond arithmetic, made of the host's primitives that are right. Its
 * softplus, expm1, log1p, tanh, log_softmax and reduce_logsumexp are not, and its max drops NaN.
 * Everything returned is new.
 */
final class Primitives {
  private Primitives() {}

  /** condition ? yes : no, by element. */
  static INDArray select(INDArray condition, INDArray yes, INDArray no) {
    INDArray result = Nd4j.createUninitialized(no.dataType(), no.shape(), 'c');
    Nd4j.exec(
        DynamicCustomOp.builder("select").addInputs(condition, yes, no).addOutputs(result).build());
    return result;
  }

  /** max(x, 0), which keeps NaN. */
  static INDArray relu(INDArray x) {
    return Transforms.relu(x, true);
  }

  static INDArray nanLike(INDArray x) {
    INDArray nan = Nd4j.zeros(x.dataType(), x.shape());
    return nan.divi(nan);
  }

  /** log(1 + x) = 2·atanh(x/(2 + x)). */
  static INDArray log1p(INDArray x) {
    INDArray result = x.add(2);
    return Transforms.atanh(result.rdivi(x), false).muli(2);
  }
}
