package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;
import org.stableops.Reduction;

/** The gradient of a cross-entropy in a graph, from logits, labels, upstream and the loss. */
abstract class CrossEntropyGradientOp extends JavaOp {
  CrossEntropyGradientOp(String name) {
    super(name);
  }

  CrossEntropyGradientOp(String name, SDVariable[] inputs, CrossEntropyOptions options) {
    super(name, inputs);
    CrossEntropyArguments.write(options, this);
  }

  abstract CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options);

  @Override
  final long[] outputShape(List<INDArray> inputs) {
    return inputs.get(0).shape();
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    INDArray logits = inputs.get(0);
    INDArray upstream = inputs.get(2);
    try (Temporaries temporaries = new Temporaries()) {
      output.assign(temporaries.keep(call(logits, inputs.get(1), options).gradient()));
      // As a loss variable even one loss a row gets a scalar, which counts for all of them.
      if (options.reduction() == Reduction.NONE && upstream.length() > 1) {
        upstream = alongClasses(upstream, logits, options, temporaries);
      }
      Primitives.multiplyByUpstream(output, upstream);
    }
  }

  /** One number a row, repeated for each of its classes. */
  private static INDArray alongClasses(
      INDArray upstream, INDArray logits, CrossEntropyOptions options, Temporaries temporaries) {
    long[] column = logits.shape().clone();
    column[CrossEntropyShape.of(column, options.axis()).axis()] = 1;
    INDArray contiguous = temporaries.keep(upstream.dup('c'));
    return temporaries.keep(contiguous.reshape('c', column).broadcast(logits.shape()));
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw new UnsupportedOperationException(opName() + " has no second derivative");
  }
}
