package org.stableops.nd4j;

import java.util.List;
import org.nd4j.imports.converters.ImportClassMapping;
import org.stableops.nd4j.internal.JavaOp;

/**
 * The registry entry of the operators: SameDiff finds them by name when it loads a graph, copies
 * one, or differentiates it. It happens by itself when ND4J starts.
 *
 * <pre>{@code
 * StableOps.register(); // before SameDiff.load, in a jar without META-INF/services
 * SameDiff graph = SameDiff.load(new File("graph.fb"), true);
 * }</pre>
 */
public final class StableOps {
  private StableOps() {}

  /**
   * Registers every op with ND4J, unless it is registered already. Needed only where
   * META-INF/services is lost, as in some shaded jars.
   */
  public static void register() {
    for (JavaOp value : values()) {
      for (JavaOp op : value.family()) {
        ImportClassMapping.getOpNameMapping().putIfAbsent(op.opName(), op);
      }
    }
  }

  private static List<JavaOp> values() {
    return List.of(
        new Softplus.ValueOp(),
        new SoftplusInverse.ValueOp(),
        new Squareplus.ValueOp(),
        new SquareplusInverse.ValueOp(),
        new SparseSoftmaxCrossEntropy.ValueOp(),
        new SoftmaxCrossEntropy.ValueOp(),
        new SigmoidCrossEntropy.ValueOp(),
        new PoissonLoss.ValueOp(),
        new NegativeBinomialLoss.ValueOp(),
        new LogSumExp.ValueOp(),
        new LogSoftmax.ValueOp(),
        new LinearCrossEntropy.ValueOp(),
        new GumbelSoftmax.ValueOp(),
        new GumbelSoftmax.HardOp(),
        new PositiveTransforms.ValueOp(),
        new PositiveTransforms.LogDerivativeOp());
  }
}
