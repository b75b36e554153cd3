package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.Reduction;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.op.ElementLosses;

/**
 * Upstream × a derivative of a loss of elements in a graph, from its argument, perhaps a companion,
 * targets, upstream, the loss, and perhaps sample weights. It has one element for each of the
 * argument, or is summed to the shape of the companion.
 *
 * @param <O> its options
 */
public abstract class ElementLossGradientOp<O> extends LossGradientOp {
  /** Those by the argument, which every loss has, come first; graphs store their numbers. */
  private static final Derivative[] DERIVATIVES = {
    Derivative.GRADIENT,
    Derivative.SECOND,
    Derivative.BY_COMPANION,
    Derivative.BY_COMPANION_TWICE,
    Derivative.MIXED
  };

  private static final int BY_ARGUMENT = 2;

  /** How many I arguments there are. */
  private static final int INTEGERS = 3;

  private final transient ElementLosses<O> losses;
  private final transient Supplier<ElementLossGradientOp<O>> another;

  /** A blank op of a loss, and where to get more of them. */
  protected ElementLossGradientOp(
      ElementLosses<O> losses, Supplier<ElementLossGradientOp<O>> another) {
    super(losses.gradientGraphName());
    this.losses = losses;
    this.another = another;
  }

  /**
   * What an op computes: its I arguments, of which a file may lack the last ones, which are 0 then.
   *
   * @param companions how many there are among the inputs, 0 or 1
   * @param derivative which
   * @param isSummed whether it is summed to the shape of the companion
   */
  private record Kind(int companions, Derivative derivative, boolean isSummed) {
    int[] integers() {
      int number = Arrays.asList(DERIVATIVES).indexOf(derivative);
      return new int[] {companions, number, isSummed ? 1 : 0};
    }

    Kind of(Derivative other, boolean summed) {
      return new Kind(companions, other, summed);
    }

    int labels() {
      return 1 + companions;
    }

    int upstream() {
      return labels() + 1;
    }

    int sampleWeights() {
      return labels() + 3;
    }

    Derivative byArgument() {
      return switch (derivative) {
        case GRADIENT -> Derivative.SECOND;
        case BY_COMPANION -> Derivative.MIXED;
        default -> throw noThirdDerivative();
      };
    }

    Derivative byCompanion() {
      return switch (derivative) {
        case GRADIENT -> Derivative.MIXED;
        case BY_COMPANION -> Derivative.BY_COMPANION_TWICE;
        default -> throw noThirdDerivative();
      };
    }

    private UnsupportedOperationException noThirdDerivative() {
      return new UnsupportedOperationException("losses have no third derivatives");
    }
  }

  /** The gradient to the argument in a graph, without an upstream; weights may be null. */
  public final SDVariable gradient(
      O options, SDVariable x, SDVariable targets, @Nullable SDVariable sampleWeights) {
    return ofArgument(
        options,
        0,
        inputs(sampleWeights, ElementLossValueOp.inputs(losses.of(options), x, targets)));
  }

  /** The same of a loss with a companion. */
  public final SDVariable gradientWithCompanion(
      O options,
      SDVariable x,
      SDVariable companion,
      SDVariable targets,
      @Nullable SDVariable sampleWeights) {
    return ofArgument(
        options, 1, inputsWithCompanion(options, x, companion, targets, sampleWeights));
  }

  /** The gradient to the companion. */
  public final SDVariable companionGradient(
      O options,
      SDVariable x,
      SDVariable companion,
      SDVariable targets,
      @Nullable SDVariable sampleWeights) {
    return ofCompanion(options, inputsWithCompanion(options, x, companion, targets, sampleWeights));
  }

  private SDVariable[] inputsWithCompanion(
      O options,
      SDVariable x,
      SDVariable companion,
      SDVariable targets,
      @Nullable SDVariable sampleWeights) {
    return inputs(
        sampleWeights, ElementLossValueOp.inputs(losses.of(options), x, companion, targets));
  }

  /** The gradient to the argument of inputs that end with an upstream, the loss and weights. */
  final SDVariable ofArgument(O options, int companions, SDVariable... inputs) {
    return of(options, new Kind(companions, Derivative.GRADIENT, false), inputs);
  }

  /** The gradient to the companion, of the same inputs. */
  final SDVariable ofCompanion(O options, SDVariable... inputs) {
    return of(options, new Kind(1, Derivative.BY_COMPANION, true), inputs);
  }

  private SDVariable of(O options, Kind kind, SDVariable... inputs) {
    addTArgument(losses.numbers(options));
    addIArgument(kind.integers());
    return output(inputs);
  }

  private O options() {
    return losses.options(tArgs());
  }

  private Kind kind() {
    long[] integers = Arrays.copyOf(integers(0, INTEGERS), INTEGERS);
    int companions = choice(new Integer[] {0, 1}, integers[0]);
    boolean isByCompanion = companions > 0 && losses.hasCompanionGradient();
    Derivative[] derivatives =
        isByCompanion ? DERIVATIVES : Arrays.copyOf(DERIVATIVES, BY_ARGUMENT);
    Boolean[] sums = isByCompanion ? new Boolean[] {false, true} : new Boolean[] {false};
    return new Kind(companions, choice(derivatives, integers[1]), choice(sums, integers[2]));
  }

  /** By the argument, the companion if the loss has a gradient to it, and upstream. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstreams) {
    SDVariable v = upstreams.get(0);
    Kind kind = kind();
    SDVariable upstream = arg(kind.upstream());
    // As part of the upstream, v is multiplied by before half types are rounded.
    SDVariable each = kind.isSummed ? v.mul(sameDiff.onesLike(arg(0))) : v;
    SDVariable product = upstream.mul(each);
    List<SDVariable> gradients = zeros();
    gradients.set(0, other(kind.of(kind.byArgument(), false), product));
    if (losses.hasCompanionGradient()) {
      Kind byCompanion = kind.of(kind.byCompanion(), true);
      gradients.set(
          1, kind.isSummed ? v.mul(other(byCompanion, upstream)) : other(byCompanion, product));
    }
    SDVariable terms = other(kind.of(kind.derivative, false), each);
    boolean isOfElements = losses.of(options()).reduction() == Reduction.NONE;
    gradients.set(kind.upstream(), isOfElements ? terms : terms.sum());
    return gradients;
  }

  /** Another derivative of the same inputs but for upstream. */
  private SDVariable other(Kind kind, SDVariable upstream) {
    SDVariable[] inputs = args().clone();
    inputs[kind.upstream()] = upstream;
    return another.get().of(options(), kind, inputs);
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    return inputs.get(kind().isSummed ? 1 : 0).shape();
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    Kind kind = kind();
    ElementLossCall call =
        ElementLossCall.of(losses.of(options()), inputs, kind.labels(), kind.sampleWeights());
    INDArray upstream = inputs.get(kind.upstream());
    try (Temporaries temporaries = new Temporaries()) {
      INDArray derivative =
          kind.isSummed
              ? call.companionSums(kind.derivative, upstream)
              : call.derivative(kind.derivative);
      Primitives.assign(output, temporaries.keep(derivative));
    }
    if (!kind.isSummed) {
      Primitives.multiplyByUpstream(output, upstream);
    }
  }
}
