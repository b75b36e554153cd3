package org.stableops.nd4j;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;

/** Options as the arguments of an op, which are what survives cloning, saving and loading. */
final class CrossEntropyArguments {
  private CrossEntropyArguments() {}

  static void write(CrossEntropyOptions options, DynamicCustomOp op) {
    op.addIArgument(options.axis(), options.reduction().ordinal());
    options.ignoreIndex().ifPresent(op::addIArgument);
    op.addTArgument(options.labelSmoothing(), options.zLoss());
    op.addTArgument(options.classWeights());
  }

  static CrossEntropyOptions read(DynamicCustomOp op) {
    long[] integers = op.iArgs();
    double[] numbers = op.tArgs();
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT
            .withAxis(Math.toIntExact(integers[0]))
            .withReduction(List.of(Reduction.values()).get((int) integers[1]))
            .withLabelSmoothing(numbers[0])
            .withZLoss(numbers[1])
            .withClassWeights(Arrays.copyOfRange(numbers, 2, numbers.length));
    return integers.length > 2 ? options.withIgnoreIndex(integers[2]) : options;
  }
}
