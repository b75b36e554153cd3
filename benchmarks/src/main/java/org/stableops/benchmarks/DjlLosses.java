package org.stableops.benchmarks;

import static org.stableops.benchmarks.Entry.NAIVE;
import static org.stableops.benchmarks.Entry.OURS;
import static org.stableops.benchmarks.LossProblem.Kind.CROSS_ENTROPY;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/** Cross-entropies of integer labels in DJL. */
final class DjlLosses {
  static final String DJL = "SoftmaxCrossEntropyLoss";
  static final String LIBTORCH = "libtorch cross_entropy_loss";
  static final String FUSED_TRAINER = "ours under FusedTrainer";

  private DjlLosses() {}

  static List<Entry<?>> entries() {
    BinaryOperator<NDArray> djl = evaluate(new SoftmaxCrossEntropyLoss());
    BinaryOperator<NDArray> torch = (logits, labels) -> Torch.call("cross_entropy", logits, labels);
    return List.of(
        value(OURS, SparseSoftmaxCrossEntropy::value),
        value(DJL, (z, y) -> scoped(djl, z, y)),
        value(LIBTORCH, torch),
        value(NAIVE, (z, y) -> scoped(DjlLosses::naive, z, y)),
        gradient(OURS, SparseSoftmaxCrossEntropy::gradient),
        gradient(DJL, (z, y) -> DjlCall.gradient(z, leaf -> djl.apply(leaf, y))),
        gradient(LIBTORCH, (z, y) -> DjlCall.gradient(z, leaf -> torch.apply(leaf, y))),
        gradient(NAIVE, (z, y) -> DjlCall.gradient(z, leaf -> naive(leaf, y))),
        step(OURS, evaluate(new FusedSoftmaxCrossEntropyLoss()), stock()),
        FusedTrainerStep.entry(),
        step(DJL, djl, stock()),
        step(LIBTORCH, torch, stock()),
        step(NAIVE, DjlLosses::naive, stock()));
  }

  private static BinaryOperator<NDArray> evaluate(Loss loss) {
    return (logits, labels) -> loss.evaluate(new NDList(labels), new NDList(logits));
  }

  private static NDArray scoped(BinaryOperator<NDArray> loss, NDArray logits, NDArray labels) {
    return DjlCall.scoped(() -> loss.apply(logits, labels));
  }

  /** The mean of log Σ e^{z − max} + max − z at the label. */
  private static NDArray naive(NDArray logits, NDArray labels) {
    NDArray shifted = logits.sub(logits.max(new int[] {1}, true).stopGradient());
    NDArray logSumExp = shifted.exp().sum(new int[] {1}, true).log();
    NDArray atLabel = shifted.gather(labels.expandDims(1), 1);
    return logSumExp.sub(atLabel).mean();
  }

  private static Supplier<GradientCollector> stock() {
    return () -> Engine.getInstance().newGradientCollector();
  }

  private static Entry<?> value(String name, BinaryOperator<NDArray> loss) {
    return entry(Work.VALUE, name, loss);
  }

  private static Entry<?> gradient(String name, BinaryOperator<NDArray> gradient) {
    return entry(Work.GRADIENT, name, gradient);
  }

  /** logits = x + bias, the loss, and backward to the bias. */
  static Entry<?> step(
      String name, BinaryOperator<NDArray> loss, Supplier<GradientCollector> collectors) {
    return entry(
        Work.STEP,
        name,
        problem ->
            manager -> {
              NDArray x = logits(manager, problem);
              NDArray labels = manager.create(problem.labels());
              NDArray zero = manager.zeros(new Shape(problem.size().columns()));
              return () ->
                  DjlCall.gradient(zero, bias -> loss.apply(x.add(bias), labels), collectors);
            });
  }

  private static Entry<?> entry(Work work, String name, BinaryOperator<NDArray> function) {
    return entry(
        work,
        name,
        problem ->
            manager -> {
              NDArray logits = logits(manager, problem);
              NDArray labels = manager.create(problem.labels());
              return () -> function.apply(logits, labels);
            });
  }

  private static Entry<?> entry(
      Work work, String name, Function<LossProblem, Function<NDManager, Supplier<NDArray>>> call) {
    return Entry.of(CROSS_ENTROPY, work, DjlCall.HOST, name, p -> DjlCall.of(call.apply(p)));
  }

  private static NDArray logits(NDManager manager, LossProblem problem) {
    return manager.create(problem.logits(), new Shape(problem.size().shape()));
  }
}
