package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;

/**
 * The gradient of a cross-entropy in a graph, from logits, labels, upstream, the loss, and perhaps
 * sample weights.
 */
abstract class CrossEntropyGradientOp extends JavaOp {
  CrossEntropyGradientOp(String name) {
    super(name);
  }

  CrossEntropyGradientOp(String name, CrossEntropyOptions options, SDVariable... inputs) {
    super(name, inputs);
    CrossEntropyArguments.write(options, this);
  }

  abstract CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options);

  @Override
  final boolean isProduct() {
    return true;
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    CrossEntropy call = call(inputs.get(0), inputs.get(1), options);
    if (inputs.size() > 4) {
      call = call.withSampleWeights(inputs.get(4));
    }
    call.gradientInto(output);
    try (Temporaries temporaries = new Temporaries()) {
      new AlongAxis(inputs.get(0), options.axis(), temporaries)
          .multiplyByUpstream(output, inputs.get(2));
    }
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw noSecondDerivative();
  }
}
