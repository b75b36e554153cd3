package org.stableops.nd4j;

import org.nd4j.autodiff.samediff.SDVariable;

/** An operator along an axis in a graph, the axis its only I argument. */
abstract class AxisOp extends JavaOp {
  AxisOp(String name) {
    super(name);
  }

  AxisOp(String name, int axis, SDVariable... inputs) {
    super(name, inputs);
    addIArgument(axis);
  }

  final int axis() {
    return axis(integers(1, 1)[0]);
  }
}
