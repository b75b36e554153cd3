package org.stableops.nd4j.internal;

import org.nd4j.autodiff.samediff.SDVariable;
import org.stableops.op.Stored;

/** An operator along an axis in a graph, the axis its only I argument. */
public abstract class AxisOp extends JavaOp {
  protected AxisOp(String name) {
    super(name);
  }

  /** The output in the graph of the inputs. */
  public final SDVariable of(int axis, SDVariable... inputs) {
    addIArgument(axis);
    return output(inputs);
  }

  protected final int axis() {
    return Stored.axis(opName(), integers(1, 1)[0]);
  }
}
