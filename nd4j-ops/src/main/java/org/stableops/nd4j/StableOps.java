package org.stableops.nd4j;

import java.util.List;
import org.nd4j.imports.converters.ImportClassMapping;

/**
 * The registry entry of the operators: SameDiff finds them by name when it loads a graph, copies
 * one, or differentiates it. It happens by itself when ND4J starts.
 */
public final class StableOps {
  private StableOps() {}

  /**
   * Registers every op with ND4J, unless it is. Needed only where META-INF/services is lost, as in
   * some shaded jars.
   */
  public static void register() {
    for (JavaOp op : ops()) {
      ImportClassMapping.getOpNameMapping().putIfAbsent(op.opName(), op);
    }
  }

  private static List<JavaOp> ops() {
    return List.of(
        new Softplus.ValueOp(),
        new Softplus.GradientOp(),
        new Softplus.BetaGradientOp(),
        new SoftplusInverse.ValueOp(),
        new SoftplusInverse.GradientOp(),
        new SoftplusInverse.BetaGradientOp(),
        new Squareplus.ValueOp(),
        new Squareplus.GradientOp(),
        new Squareplus.BGradientOp(),
        new SquareplusInverse.ValueOp(),
        new SquareplusInverse.GradientOp(),
        new SquareplusInverse.BGradientOp(),
        new SparseSoftmaxCrossEntropy.ValueOp(),
        new SparseSoftmaxCrossEntropy.GradientOp(),
        new SoftmaxCrossEntropy.ValueOp(),
        new SoftmaxCrossEntropy.GradientOp(),
        new LogSumExp.ValueOp(),
        new LogSumExp.GradientOp(),
        new LogSoftmax.ValueOp(),
        new LogSoftmax.GradientOp(),
        new PositiveTransforms.ValueOp(),
        new PositiveTransforms.GradientOp(),
        new PositiveTransforms.LogDerivativeOp(),
        new PositiveTransforms.LogDerivativeGradientOp());
  }
}
