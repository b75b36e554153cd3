package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** A loss in a graph, from its argument, perhaps a companion, labels and perhaps sample weights. */
public abstract class LossValueOp extends JavaOp {
  LossValueOp(String name) {
    super(name);
  }

  /** The number of the input that is the labels. */
  int labels() {
    return 1;
  }

  /** The gradient to the argument, from what {@link #doDiff} puts together. */
  abstract SDVariable gradient(SDVariable... inputs);

  /** The gradient to the companion, from the same. */
  SDVariable companionGradient(SDVariable... inputs) {
    return sameDiff.zerosLike(inputs[1]);
  }

  /** The inputs of a gradient are argument, companion, labels, upstream, the loss and weights. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    List<SDVariable> args = List.of(args());
    int behindLabels = labels() + 1;
    List<SDVariable> inputs = new ArrayList<>(args.subList(0, behindLabels));
    inputs.add(upstream.get(0));
    // The gradient needs no loss, but SameDiff computes, and tells its listeners, only what is
    // needed.
    inputs.add(outputVariable());
    inputs.addAll(args.subList(behindLabels, args.size()));
    SDVariable[] all = inputs.toArray(SDVariable[]::new);
    List<SDVariable> gradients = new ArrayList<>(List.of(gradient(all)));
    for (int i = 1; i < args.size(); i++) {
      boolean isCompanion = i < labels();
      gradients.add(isCompanion ? companionGradient(all) : sameDiff.zerosLike(args.get(i)));
    }
    return gradients;
  }
}
