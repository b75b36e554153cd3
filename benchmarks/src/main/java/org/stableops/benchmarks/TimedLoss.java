package org.stableops.benchmarks;

import java.util.function.Supplier;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/** A loss of DL4J that adds up the time it takes, the same for stock losses and ours. */
final class TimedLoss implements ILossFunction {
  private static final long serialVersionUID = 1;

  /** What the loss has taken since this was last set to 0. */
  long nanoseconds;

  private final ILossFunction loss;

  TimedLoss(ILossFunction loss) {
    this.loss = loss;
  }

  private <T> T timed(Supplier<T> call) {
    long begin = System.nanoTime();
    T result = call.get();
    nanoseconds += System.nanoTime() - begin;
    return result;
  }

  @Override
  public double computeScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    return timed(() -> loss.computeScore(labels, preOutput, activation, mask, average));
  }

  @Override
  public INDArray computeScoreArray(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return timed(() -> loss.computeScoreArray(labels, preOutput, activation, mask));
  }

  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask) {
    return timed(() -> loss.computeGradient(labels, preOutput, activation, mask));
  }

  @Override
  public Pair<Double, INDArray> computeGradientAndScore(
      INDArray labels, INDArray preOutput, IActivation activation, INDArray mask, boolean average) {
    return timed(() -> loss.computeGradientAndScore(labels, preOutput, activation, mask, average));
  }

  @Override
  public String name() {
    return loss.name();
  }
}
