package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Upstream × a derivative of a loss in a graph: without a companion from its argument, labels,
 * upstream, the loss, perhaps more, and perhaps sample weights.
 */
abstract class LossGradientOp extends JavaOp {
  /** Which input of a gradient these are, if they are there. */
  static final int SAMPLE_WEIGHTS = 4;

  LossGradientOp(String name) {
    super(name);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  /** The inputs of a gradient without an upstream. */
  final SDVariable[] inputs(SDVariable x, SDVariable labels, @Nullable SDVariable sampleWeights) {
    requireVariables(x, labels);
    SDVariable one = x.getSameDiff().constant(Nd4j.scalar(x.dataType(), 1));
    return sampleWeights == null
        ? new SDVariable[] {x, labels, one, one}
        : new SDVariable[] {x, labels, one, one, sampleWeights};
  }

  /** The sample weights of a gradient, or null. */
  final @Nullable SDVariable sampleWeights() {
    return args().length > SAMPLE_WEIGHTS ? arg(SAMPLE_WEIGHTS) : null;
  }

  /** What a gradient gives to its inputs: nothing but to the argument and to upstream. */
  final List<SDVariable> gradients(SDVariable toArgument, SDVariable toUpstream) {
    List<SDVariable> gradients = new ArrayList<>();
    Arrays.stream(args()).map(sameDiff::zerosLike).forEach(gradients::add);
    gradients.set(0, toArgument);
    gradients.set(2, toUpstream);
    return gradients;
  }
}
