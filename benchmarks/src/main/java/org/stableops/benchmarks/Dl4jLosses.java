package org.stableops.benchmarks;

import static org.stableops.benchmarks.Entry.OURS;
import static org.stableops.benchmarks.LossProblem.Kind.CROSS_ENTROPY;
import static org.stableops.benchmarks.LossProblem.Kind.DL4J_INTEGERS;
import static org.stableops.benchmarks.LossProblem.Kind.DL4J_ONE_HOT;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.stableops.benchmarks.LossProblem.Kind;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/** Cross-entropies in ND4J, and as DL4J's output layers call them. */
final class Dl4jLosses {
  static final String MCXENT = "LossMCXENT";
  static final String SPARSE_MCXENT = "LossSparseMCXENT";

  private static final IActivation SOFTMAX = new ActivationSoftmax();

  private Dl4jLosses() {}

  static List<Entry<?>> entries() {
    ILossFunction ours = new LossFusedSoftmaxCrossEntropy();
    return List.of(
        op(Work.VALUE, OURS, SparseSoftmaxCrossEntropy::value),
        op(Work.VALUE, "sparseSoftmaxCrossEntropy", Dl4jLosses::hostsMean),
        op(Work.GRADIENT, OURS, SparseSoftmaxCrossEntropy::gradient),
        loss(DL4J_ONE_HOT, OURS, ours),
        loss(DL4J_ONE_HOT, MCXENT, new LossMCXENT()),
        loss(DL4J_INTEGERS, OURS, ours),
        loss(DL4J_INTEGERS, SPARSE_MCXENT, new LossSparseMCXENT()),
        inWorkspace(DL4J_ONE_HOT, OURS, ours),
        inWorkspace(DL4J_ONE_HOT, MCXENT, new LossMCXENT()),
        inWorkspace(DL4J_INTEGERS, OURS, ours),
        inWorkspace(DL4J_INTEGERS, SPARSE_MCXENT, new LossSparseMCXENT()));
  }

  private static INDArray hostsMean(INDArray logits, INDArray labels) {
    try (INDArray losses = Nd4j.loss().sparseSoftmaxCrossEntropy(logits, labels)) {
      return losses.mean();
    }
  }

  private static Entry<?> op(Work work, String name, BinaryOperator<INDArray> op) {
    return entry(
        CROSS_ENTROPY,
        work,
        name,
        problem -> {
          INDArray logits = Nd4jCall.array(problem.logits(), problem.size());
          INDArray labels = Nd4j.createFromArray(problem.labels());
          return new Nd4jCall(List.of(logits, labels), () -> op.apply(logits, labels));
        });
  }

  private static Entry<?> loss(Kind kind, String name, ILossFunction loss) {
    return entry(kind, Work.STEP, name, problem -> call(problem, loss));
  }

  private static Entry<?> inWorkspace(Kind kind, String name, ILossFunction loss) {
    return entry(
        kind,
        Work.STEP,
        name + Nd4jCall.IN_WORKSPACE,
        problem -> call(problem, loss).inWorkspace());
  }

  private static Entry<?> entry(
      Kind kind, Work work, String name, Function<LossProblem, Contestant> start) {
    return Entry.of(kind, work, Nd4jCall.HOST, name, start);
  }

  private static Nd4jCall call(LossProblem problem, ILossFunction loss) {
    INDArray logits = Nd4jCall.array(problem.logits(), problem.size());
    INDArray labels = labels(problem);
    return new Nd4jCall(
        List.of(logits, labels),
        () -> loss.computeGradientAndScore(labels, logits, SOFTMAX, null, true).getSecond());
  }

  private static INDArray labels(LossProblem problem) {
    INDArray integers = Nd4j.createFromArray(problem.labels()).reshape(-1, 1);
    if (problem.kind() == DL4J_INTEGERS) {
      return integers;
    }
    INDArray oneHot = Nd4j.zeros(DataType.FLOAT, problem.size().shape());
    for (int row = 0; row < problem.labels().length; row++) {
      oneHot.data().put((long) row * problem.size().columns() + problem.labels()[row], 1f);
    }
    return oneHot;
  }
}
