package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.op.SoftmaxLoss;

/**
 * The gradient of a cross-entropy in a graph, from logits, labels, upstream, the loss, and perhaps
 * sample weights.
 */
public abstract class CrossEntropyGradientOp extends JavaOp {
  private final transient SoftmaxLoss loss;

  protected CrossEntropyGradientOp(SoftmaxLoss loss) {
    super(loss.gradientGraphName());
    this.loss = loss;
  }

  final SDVariable of(CrossEntropyOptions options, SDVariable... inputs) {
    CrossEntropyArguments.write(options, this);
    return output(inputs);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    CrossEntropy call = CrossEntropy.of(loss, inputs.get(0), inputs.get(1), options);
    if (inputs.size() > 4) {
      call = call.withSampleWeights(inputs.get(4));
    }
    call.gradientInto(output);
    try (Temporaries temporaries = new Temporaries()) {
      new AlongAxis(inputs.get(0), options.axis(), temporaries)
          .multiplyByUpstream(output, inputs.get(2));
    }
  }
}
