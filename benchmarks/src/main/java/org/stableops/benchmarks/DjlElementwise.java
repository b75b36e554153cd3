package org.stableops.benchmarks;

import static org.stableops.benchmarks.DjlCall.scoped;
import static org.stableops.benchmarks.ElementwiseProblem.Function.COPY;
import static org.stableops.benchmarks.ElementwiseProblem.Function.EXP;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS_INVERSE;
import static org.stableops.benchmarks.Entry.NAIVE;
import static org.stableops.benchmarks.Entry.OURS;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.stableops.benchmarks.ElementwiseProblem.Function;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;

/** Elementwise operators in DJL. Its own softPlus and sigmoid are libtorch's, called directly. */
final class DjlElementwise {
  static final String LIBTORCH = "libtorch";
  static final String INTO = "ours into memory";
  static final String TORCH_SCRIPT = "libtorch by TorchScript";

  private DjlElementwise() {}

  static List<Entry<?>> entries() {
    return List.of(
        value(SQUAREPLUS, OURS, Squareplus::value),
        into(SQUAREPLUS, Squareplus::valueInto),
        value(SQUAREPLUS, NAIVE, DjlElementwise::naiveSquareplus),
        gradient(SQUAREPLUS, OURS, Squareplus::gradient),
        gradient(SQUAREPLUS, NAIVE, DjlElementwise::naiveSquareplusGradient),
        step(SQUAREPLUS, OURS, Squareplus::value),
        step(SQUAREPLUS, NAIVE, DjlElementwise::squareplus),
        value(SQUAREPLUS_INVERSE, OURS, SquareplusInverse::value),
        value(SQUAREPLUS_INVERSE, NAIVE, x -> scoped(() -> x.sub(x.onesLike().div(x)))),
        gradient(SQUAREPLUS_INVERSE, OURS, SquareplusInverse::gradient),
        value(SOFTPLUS, OURS, Softplus::value),
        value(SOFTPLUS, LIBTORCH, Activation::softPlus),
        value(SOFTPLUS, TORCH_SCRIPT, x -> Torch.call("softplus", x)),
        value(SOFTPLUS, NAIVE, x -> scoped(() -> x.exp().add(1).log())),
        gradient(SOFTPLUS, OURS, Softplus::gradient),
        gradient(SOFTPLUS, LIBTORCH, Activation::sigmoid),
        step(SOFTPLUS, OURS, Softplus::value),
        step(SOFTPLUS, LIBTORCH, Activation::softPlus),
        value(SOFTPLUS_INVERSE, OURS, SoftplusInverse::value),
        value(SOFTPLUS_INVERSE, NAIVE, x -> scoped(() -> x.exp().sub(1).log())),
        gradient(SOFTPLUS_INVERSE, OURS, SoftplusInverse::gradient),
        step(SOFTPLUS_INVERSE, OURS, SoftplusInverse::value),
        step(SOFTPLUS_INVERSE, NAIVE, x -> x.exp().sub(1).log()),
        value(COPY, LIBTORCH, NDArray::duplicate),
        value(EXP, LIBTORCH, NDArray::exp));
  }

  private static NDArray naiveSquareplus(NDArray x) {
    return scoped(() -> squareplus(x));
  }

  private static NDArray squareplus(NDArray x) {
    return x.add(x.mul(x).add(4).sqrt()).div(2);
  }

  private static NDArray naiveSquareplusGradient(NDArray x) {
    return scoped(() -> x.div(x.mul(x).add(4).sqrt()).add(1).div(2));
  }

  private static Entry<?> value(Function function, String name, UnaryOperator<NDArray> f) {
    return entry(function, Work.VALUE, name, f);
  }

  /** Into memory that is there already, of which a view is closed after the call. */
  private static Entry<?> into(Function function, BiConsumer<NDArray, NDArray> operator) {
    return Entry.of(
        function,
        Work.VALUE,
        DjlCall.HOST,
        INTO,
        problem ->
            DjlCall.of(
                manager -> {
                  NDArray x = manager.create(problem.x(), new Shape(problem.size().shape()));
                  NDArray out = x.duplicate();
                  return () -> {
                    operator.accept(x, out);
                    return out.reshape(out.getShape());
                  };
                }));
  }

  private static Entry<?> gradient(Function function, String name, UnaryOperator<NDArray> f) {
    return entry(function, Work.GRADIENT, name, f);
  }

  private static Entry<?> step(Function function, String name, UnaryOperator<NDArray> f) {
    return entry(function, Work.STEP, name, x -> DjlCall.gradient(x, f));
  }

  private static Entry<?> entry(
      Function function, Work work, String name, UnaryOperator<NDArray> f) {
    return Entry.of(function, work, DjlCall.HOST, name, p -> DjlCall.ofElements(p, f));
  }
}
