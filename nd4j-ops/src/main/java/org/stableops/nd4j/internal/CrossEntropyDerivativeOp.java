package org.stableops.nd4j.internal;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.op.SoftmaxLoss;

/**
 * Upstream × a derivative of a cross-entropy in a graph, from logits, labels, upstream, the loss,
 * perhaps more, and perhaps sample weights.
 */
abstract class CrossEntropyDerivativeOp extends LossGradientOp {
  final transient SoftmaxLoss loss;
  private final transient int sampleWeights;

  /**
   * A blank op.
   *
   * @param sampleWeights which input these are, if they are there
   */
  CrossEntropyDerivativeOp(SoftmaxLoss loss, String name, int sampleWeights) {
    super(name);
    this.loss = loss;
    this.sampleWeights = sampleWeights;
  }

  /** The derivative in the graph of the inputs. */
  public final SDVariable of(CrossEntropyOptions options, SDVariable... inputs) {
    CrossEntropyArguments.write(options, this);
    return output(inputs);
  }

  /** The same call with the wanted derivative for gradient. */
  abstract CrossEntropy wanted(CrossEntropy call, List<INDArray> inputs, Temporaries temporaries);

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    CrossEntropy call = CrossEntropy.of(loss, inputs.get(0), inputs.get(1), options);
    if (inputs.size() > sampleWeights) {
      call = call.withSampleWeights(inputs.get(sampleWeights));
    }
    try (Temporaries temporaries = new Temporaries()) {
      wanted(call, inputs, temporaries).gradientInto(output);
      new AlongAxis(inputs.get(0), options.axis(), temporaries)
          .multiplyByUpstream(output, inputs.get(2));
    }
  }
}
