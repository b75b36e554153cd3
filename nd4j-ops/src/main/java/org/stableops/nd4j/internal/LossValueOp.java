package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;

/** A loss in a graph, from its argument, labels and perhaps sample weights. */
public abstract class LossValueOp extends JavaOp {
  LossValueOp(String name) {
    super(name);
  }

  /** The gradient to the argument, from argument, labels, upstream, the loss and sample weights. */
  abstract SDVariable gradient(SDVariable... inputs);

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
    gradients.add(0, gradient(inputs.toArray(SDVariable[]::new)));
    return gradients;
  }
}
