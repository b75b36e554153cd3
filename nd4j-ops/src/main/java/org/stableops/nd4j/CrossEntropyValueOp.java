package org.stableops.nd4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Arguments;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.SoftmaxShape;

/** A cross-entropy in a graph, from logits, labels and perhaps sample weights to the loss. */
abstract class CrossEntropyValueOp extends JavaOp {
  CrossEntropyValueOp(String name) {
    super(name);
  }

  CrossEntropyValueOp(String name, CrossEntropyOptions options, SDVariable... inputs) {
    super(name, checked(options, inputs));
    CrossEntropyArguments.write(options, this);
  }

  /** Before the graph has the op: wrong class weights too, where it knows the classes. */
  private static SDVariable[] checked(CrossEntropyOptions options, SDVariable... inputs) {
    Arguments.requireGiven("options", options);
    long[] shape = inputs[0] == null ? null : inputs[0].getShape();
    if (shape != null) {
      // A size that is not known yet, such as that of the batch, is −1.
      int axis = options.axis() < 0 ? options.axis() + shape.length : options.axis();
      boolean isKnown = axis >= 0 && axis < shape.length && shape[axis] > 0;
      long[] sizes = Arrays.stream(shape).map(size -> Math.max(size, 1)).toArray();
      if (isKnown) {
        SoftmaxShape.of(sizes, options);
      }
    }
    return inputs;
  }

  abstract CrossEntropy call(INDArray logits, INDArray labels, CrossEntropyOptions options);

  /** Upstream × gradient, from the inputs of {@link CrossEntropyGradientOp}. */
  abstract SDVariable gradient(CrossEntropyOptions options, SDVariable... inputs);

  @Override
  final long[] outputShape(List<INDArray> inputs) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    return options.reduction() == Reduction.NONE
        ? SoftmaxShape.of(inputs.get(0).shape(), options).rowShape()
        : new long[0];
  }

  @Override
  final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropy call = call(inputs.get(0), inputs.get(1), CrossEntropyArguments.read(this));
    if (inputs.size() > 2) {
      call = call.withSampleWeights(inputs.get(2));
    }
    call.valueInto(output);
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    // The gradient needs no loss, but SameDiff computes, and tells its listeners, only what is
    // needed.
    List<SDVariable> inputs =
        new ArrayList<>(List.of(arg(0), arg(1), upstream.get(0), outputVariable()));
    List<SDVariable> gradients = new ArrayList<>();
    for (SDVariable other : List.of(args()).subList(1, args().length)) {
      gradients.add(sameDiff.zerosLike(other));
    }
    if (args().length > 2) {
      inputs.add(arg(2));
    }
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    gradients.add(0, gradient(options, inputs.toArray(SDVariable[]::new)));
    return gradients;
  }
}
