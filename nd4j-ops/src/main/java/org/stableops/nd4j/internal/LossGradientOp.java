package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Upstream × a derivative of a loss in a graph: without a companion from its argument, labels,
 * upstream, the loss, perhaps more, and perhaps sample weights.
 */
abstract class LossGradientOp extends JavaOp {
  /** Which input of a gradient these are, if they are there. */
  static final int UPSTREAM = 2;

  static final int SAMPLE_WEIGHTS = 4;

  LossGradientOp(String name) {
    super(name);
  }

  @Override
  protected final boolean isProduct() {
    return true;
  }

  /** The inputs of a gradient without an upstream, whose first ones are argument to labels. */
  final SDVariable[] inputs(@Nullable SDVariable sampleWeights, SDVariable... first) {
    List<SDVariable> inputs = withWeights(first, sampleWeights);
    // Before the graph gets a constant.
    requireVariables(inputs.toArray(SDVariable[]::new));
    SDVariable one = one(first[0]);
    inputs.addAll(first.length, List.of(one, one));
    return inputs.toArray(SDVariable[]::new);
  }

  /** The upstream of a value that is the result itself. */
  static SDVariable one(SDVariable x) {
    return x.getSameDiff().constant(Nd4j.scalar(x.dataType(), 1));
  }

  /** The sample weights of a gradient, or null. */
  final @Nullable SDVariable sampleWeights() {
    return args().length > SAMPLE_WEIGHTS ? arg(SAMPLE_WEIGHTS) : null;
  }

  /** A gradient of 0 for every input, to put others in. */
  final List<SDVariable> zeros() {
    return Arrays.stream(args()).map(sameDiff::zerosLike).collect(Collectors.toList());
  }
}
