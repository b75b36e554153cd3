package org.stableops.benchmarks;

import static org.stableops.benchmarks.ElementwiseProblem.Function.COPY;
import static org.stableops.benchmarks.ElementwiseProblem.Function.EXP;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS_INVERSE;
import static org.stableops.benchmarks.Entry.NAIVE;
import static org.stableops.benchmarks.Entry.OURS;

import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.benchmarks.ElementwiseProblem.Function;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;
import org.stableops.nd4j.activations.ActivationSoftplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;

/** Elementwise operators in ND4J; their training step is a DL4J activation's. */
final class Nd4jElementwise {
  static final String ND4J = "ND4J's own";

  private Nd4jElementwise() {}

  static List<Entry<?>> entries() {
    return List.of(
        value(SQUAREPLUS, OURS, Squareplus::value),
        inWorkspace(SQUAREPLUS, OURS, Squareplus::value),
        value(SQUAREPLUS, NAIVE, Nd4jElementwise::naiveSquareplus),
        gradient(SQUAREPLUS, OURS, Squareplus::gradient),
        step(SQUAREPLUS, OURS, new ActivationSquareplus()),
        value(SQUAREPLUS_INVERSE, OURS, SquareplusInverse::value),
        gradient(SQUAREPLUS_INVERSE, OURS, SquareplusInverse::gradient),
        value(SOFTPLUS, OURS, Softplus::value),
        inWorkspace(SOFTPLUS, OURS, Softplus::value),
        value(SOFTPLUS, ND4J, x -> Transforms.softPlus(x, true)),
        inWorkspace(SOFTPLUS, ND4J, x -> Transforms.softPlus(x, true)),
        value(SOFTPLUS, NAIVE, x -> Transforms.log(Transforms.exp(x, true).addi(1), false)),
        gradient(SOFTPLUS, OURS, Softplus::gradient),
        gradient(SOFTPLUS, ND4J, x -> Transforms.sigmoid(x, true)),
        step(SOFTPLUS, OURS, new ActivationStableSoftplus()),
        step(SOFTPLUS, ND4J, new ActivationSoftPlus()),
        value(SOFTPLUS_INVERSE, OURS, SoftplusInverse::value),
        inWorkspace(SOFTPLUS_INVERSE, OURS, SoftplusInverse::value),
        value(SOFTPLUS_INVERSE, NAIVE, x -> Transforms.log(Transforms.exp(x, true).subi(1), false)),
        gradient(SOFTPLUS_INVERSE, OURS, SoftplusInverse::gradient),
        step(SOFTPLUS_INVERSE, OURS, new ActivationSoftplusInverse()),
        value(COPY, ND4J, INDArray::dup),
        inWorkspace(COPY, ND4J, INDArray::dup),
        value(EXP, ND4J, x -> Transforms.exp(x, true)));
  }

  private static INDArray naiveSquareplus(INDArray x) {
    INDArray squares = x.mul(x);
    try (INDArray root = Transforms.sqrt(squares.addi(4), false)) {
      return x.add(root).divi(2);
    }
  }

  private static Entry<?> value(Function function, String name, UnaryOperator<INDArray> f) {
    return Entry.of(function, Work.VALUE, Nd4jCall.HOST, name, problem -> call(problem, f));
  }

  private static Entry<?> inWorkspace(Function function, String name, UnaryOperator<INDArray> f) {
    return Entry.of(
        function,
        Work.VALUE,
        Nd4jCall.HOST,
        name + Nd4jCall.IN_WORKSPACE,
        problem -> call(problem, f).inWorkspace());
  }

  private static Entry<?> gradient(Function function, String name, UnaryOperator<INDArray> f) {
    return Entry.of(function, Work.GRADIENT, Nd4jCall.HOST, name, problem -> call(problem, f));
  }

  private static Nd4jCall call(ElementwiseProblem problem, UnaryOperator<INDArray> f) {
    INDArray x = Nd4jCall.array(problem.x(), problem.size());
    return new Nd4jCall(List.of(x), () -> f.apply(x));
  }

  /** Forward on a copy, which it overwrites and the layer keeps, and backprop. */
  private static Entry<?> step(Function function, String name, IActivation activation) {
    return Entry.of(
        function,
        Work.STEP,
        Nd4jCall.HOST,
        name,
        problem -> {
          INDArray x = Nd4jCall.array(problem.x(), problem.size());
          INDArray upstream = Nd4j.onesLike(x);
          return new Nd4jCall(List.of(x, upstream), () -> step(activation, x, upstream));
        });
  }

  private static INDArray step(IActivation activation, INDArray x, INDArray upstream) {
    activation.getActivation(x.dup(), true).close();
    INDArray preOutput = x.dup();
    INDArray gradient = activation.backprop(preOutput, upstream).getFirst();
    if (gradient != preOutput) {
      preOutput.close();
    }
    return gradient;
  }
}
