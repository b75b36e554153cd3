package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.internal.Arguments;

/**
 * The Gumbel-softmax in a graph, from logits, noise and, unless it is the T argument, a
 * temperature.
 */
public abstract class GumbelSoftmaxOp extends JavaOp {
  private final transient Function<GumbelSoftmaxCall, INDArray> value;

  protected GumbelSoftmaxOp(String name, Function<GumbelSoftmaxCall, INDArray> value) {
    super(name);
    this.value = value;
  }

  /** The value in the graph of the inputs, at a temperature that is a number. */
  public final SDVariable of(double temperature, SDVariable logits, SDVariable gumbels) {
    addTArgument(Arguments.requirePositive("temperature", temperature));
    return output(logits, gumbels);
  }

  /** The value in the graph of the inputs. */
  public final SDVariable of(SDVariable logits, SDVariable gumbels, SDVariable temperature) {
    return output(logits, gumbels, temperature);
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, new GradientOp(), new TemperatureGradientOp());
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    try (Temporaries temporaries = new Temporaries()) {
      output.assign(temporaries.keep(value.apply(call(this, inputs))));
    }
  }

  /** The call of an op whose last input is the temperature, unless it has a T argument. */
  private static GumbelSoftmaxCall call(JavaOp op, List<INDArray> inputs) {
    INDArray logits = inputs.get(0);
    INDArray gumbels = inputs.get(1);
    return op.tArgs().length > 0
        ? new GumbelSoftmaxCall(logits, gumbels, op.numbers(1, 1)[0])
        : GumbelSoftmaxCall.of(logits, gumbels, inputs.get(inputs.size() - 1));
  }

  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    List<SDVariable> inputs = new ArrayList<>(List.of(arg(0), arg(1), upstream.get(0)));
    boolean hasVariable = args().length > 2;
    if (hasVariable) {
      inputs.add(arg(2));
    }
    SDVariable gradient = new GradientOp().of(tArgs(), inputs.toArray(SDVariable[]::new));
    // Of its own, for a gradient has one variable that it belongs to.
    List<SDVariable> gradients = new ArrayList<>(List.of(gradient, sameDiff.identity(gradient)));
    if (hasVariable) {
      gradients.add(new TemperatureGradientOp().of(arg(2), arg(0), arg(1), upstream.get(0)));
    }
    return gradients;
  }

  /** The gradient by the logits, and by the noise, from these, upstream and a temperature. */
  public static final class GradientOp extends JavaOp {
    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super("stable_gumbel_softmax_bp");
    }

    SDVariable of(double[] temperature, SDVariable... inputs) {
      addTArgument(temperature);
      return output(inputs);
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      try (Temporaries temporaries = new Temporaries()) {
        INDArray upstream = upstreamLike(inputs.get(0), inputs.get(2), temporaries);
        output.assign(temporaries.keep(call(this, inputs).gradient(upstream)));
      }
    }
  }

  /** The gradient by a temperature, from it, logits, noise and upstream. */
  public static final class TemperatureGradientOp extends JavaOp {
    /** Creates an unconfigured op, for the registry. */
    public TemperatureGradientOp() {
      super("stable_gumbel_softmax_temperature_bp");
    }

    SDVariable of(SDVariable... inputs) {
      return output(inputs);
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      INDArray temperature = inputs.get(0);
      INDArray logits = inputs.get(1);
      try (Temporaries temporaries = new Temporaries()) {
        INDArray upstream = upstreamLike(logits, inputs.get(3), temporaries);
        INDArray gradient =
            GumbelSoftmaxCall.of(logits, inputs.get(2), temperature)
                .temperatureGradient(upstream, temperature);
        Primitives.assign(output, temporaries.keep(gradient));
      }
    }
  }
}
