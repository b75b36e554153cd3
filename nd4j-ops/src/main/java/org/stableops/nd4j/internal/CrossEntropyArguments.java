package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** Options as the arguments of an op, which are what survives cloning, saving and loading. */
final class CrossEntropyArguments {
  private CrossEntropyArguments() {}

  /** Writes the options behind the arguments that the op has already. */
  static void write(CrossEntropyOptions options, JavaOp op) {
    op.addIArgument(options.axis(), options.reduction().ordinal());
    options.ignoreIndex().ifPresent(op::addIArgument);
    op.addTArgument(options.labelSmoothing(), options.zLoss());
    op.addTArgument(options.classWeights());
  }

  static CrossEntropyOptions read(JavaOp op) {
    return read(op, 0);
  }

  /** Reads the options behind a number of I arguments. */
  static CrossEntropyOptions read(JavaOp op, int others) {
    long[] all = op.integers(others + 2, others + 3);
    long[] integers = Arrays.copyOfRange(all, others, all.length);
    double[] numbers = op.numbers(2, Integer.MAX_VALUE);
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withAxis(op.axis(integers[0]))
            .withReduction(op.choice(Reduction.values(), integers[1]))
            .withLabelSmoothing(numbers[0])
            .withZLoss(numbers[1])
            .withClassWeights(Arrays.copyOfRange(numbers, 2, numbers.length));
    return integers.length > 2 ? options.withIgnoreIndex(integers[2]) : options;
  }
}
