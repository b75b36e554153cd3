package org.stableops.nd4j.internal;

import org.stableops.CrossEntropyOptions;
import org.stableops.op.SoftmaxLoss;

/** Options as the T arguments of an op, which are what survives cloning, saving and loading. */
final class CrossEntropyArguments {
  private CrossEntropyArguments() {}

  static void write(CrossEntropyOptions options, JavaOp op) {
    op.addTArgument(SoftmaxLoss.numbers(options));
  }

  static CrossEntropyOptions read(JavaOp op) {
    return read(op, 0);
  }

  /** Reads the options of an op that has a number of I arguments. */
  static CrossEntropyOptions read(JavaOp op, int integers) {
    op.integers(integers, integers);
    return SoftmaxLoss.options(op.tArgs());
  }
}
