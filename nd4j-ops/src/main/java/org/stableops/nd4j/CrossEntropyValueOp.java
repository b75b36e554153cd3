package org.stableops.nd4j;

import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.CrossEntropyShape;
import org.stableops.Reduction;

/** A cross-entropy in a graph, from logits and labels to the loss. */
abstract class CrossEntropyValueOp extends JavaOp {
  CrossEntropyValueOp(String name) {
    super(name);
  }

  CrossEntropyValueOp(
      String name, SDVariable logits, SDVariable labels, CrossEntropyOptions options) {
    super(name, logits, labels);
    CrossEntropyArguments.write(options, this);
  }

  abstract CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options);

  /** Upstream × gradient from logits, labels, upstream and the loss, a variable of their graph. */
  abstract SDVariable gradient(SDVariable[] inputs, CrossEntropyOptions options);

  @Override
  final long[] outputShape(List<INDArray> inputs) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    return options.reduction() == Reduction.NONE
        ? CrossEntropyShape.of(inputs.get(0).shape(), options.axis()).rowShape()
        : new long[0];
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropy call = call(inputs.get(0), inputs.get(1), CrossEntropyArguments.read(this));
    try (Temporaries temporaries = new Temporaries()) {
      output.assign(temporaries.keep(call.value()));
    }
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    // The gradient needs no loss, but SameDiff computes, and tells its listeners, only what is
    // needed.
    SDVariable[] inputs = {arg(0), arg(1), upstream.get(0), outputVariable()};
    SDVariable gradient = gradient(inputs, CrossEntropyArguments.read(this));
    return List.of(gradient, sameDiff.zerosLike(arg(1)));
  }
}
