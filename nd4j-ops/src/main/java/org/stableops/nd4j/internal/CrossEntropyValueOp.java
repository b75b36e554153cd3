package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.SoftmaxShape;
import org.stableops.op.SoftmaxLoss;

/** A cross-entropy in a graph, from logits, labels and perhaps sample weights to the loss. */
public abstract class CrossEntropyValueOp extends LossValueOp {
  private final transient SoftmaxLoss loss;
  private final transient Supplier<CrossEntropyGradientOp> gradient;

  protected CrossEntropyValueOp(SoftmaxLoss loss, Supplier<CrossEntropyGradientOp> gradient) {
    super(loss.graphName());
    this.loss = loss;
    this.gradient = gradient;
  }

  /** The loss in the graph of the inputs. */
  public final SDVariable of(CrossEntropyOptions options, SDVariable... inputs) {
    requireValid(options, inputs[0]);
    CrossEntropyArguments.write(options, this);
    return output(inputs);
  }

  /** Before the graph has the op: wrong class weights too, where it knows the classes. */
  static void requireValid(CrossEntropyOptions options, SDVariable logits) {
    Arguments.requireGiven("options", options);
    long[] shape = logits == null ? null : logits.getShape();
    if (shape != null) {
      // A size that is not known yet, such as that of the batch, is −1.
      int axis = options.axis() < 0 ? options.axis() + shape.length : options.axis();
      boolean isKnown = axis >= 0 && axis < shape.length && shape[axis] > 0;
      long[] sizes = Arrays.stream(shape).map(size -> Math.max(size, 1)).toArray();
      if (isKnown) {
        SoftmaxShape.of(sizes, options);
      }
    }
  }

  @Override
  public final List<JavaOp> family() {
    List<JavaOp> family = new ArrayList<>(gradient.get().family());
    family.add(0, this);
    return family;
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    return options.reduction() == Reduction.NONE
        ? SoftmaxShape.of(inputs.get(0).shape(), options).rowShape()
        : new long[0];
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    CrossEntropyOptions options = CrossEntropyArguments.read(this);
    CrossEntropy call = CrossEntropy.of(loss, inputs.get(0), inputs.get(1), options);
    if (inputs.size() > 2) {
      call = call.withSampleWeights(inputs.get(2));
    }
    call.valueInto(output);
  }

  @Override
  final SDVariable gradient(SDVariable... inputs) {
    return gradient.get().of(CrossEntropyArguments.read(this), inputs);
  }
}
