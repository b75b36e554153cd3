package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;

/**
 * The linear cross-entropy in a graph, from hidden states, weight, perhaps a bias, labels and
 * perhaps sample weights to the loss. Its first I arguments tell which of them are there.
 */
public abstract class LinearValueOp extends JavaOp {
  private static final int FLAGS = 2;

  protected LinearValueOp() {
    super("stable_linear_cross_entropy");
  }

  /** The loss in the graph of the inputs; bias and sample weights may be null. */
  public final SDVariable of(
      SDVariable hidden,
      SDVariable weight,
      SDVariable bias,
      SDVariable labels,
      SDVariable sampleWeights,
      CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    addIArgument(bias == null ? 0 : 1, sampleWeights == null ? 0 : 1);
    CrossEntropyArguments.write(options, this);
    List<SDVariable> inputs = new ArrayList<>();
    inputs.add(hidden);
    inputs.add(weight);
    if (bias != null) {
      inputs.add(bias);
    }
    inputs.add(labels);
    if (sampleWeights != null) {
      inputs.add(sampleWeights);
    }
    return output(inputs.toArray(SDVariable[]::new));
  }

  @Override
  public final List<JavaOp> family() {
    return List.of(this, new GradientOp());
  }

  @Override
  protected final long[] outputShape(List<INDArray> inputs) {
    boolean isReduced = CrossEntropyArguments.read(this, FLAGS).reduction() != Reduction.NONE;
    return isReduced ? new long[0] : new long[] {inputs.get(0).size(0)};
  }

  @Override
  protected final void forward(List<INDArray> inputs, INDArray output) {
    try (Temporaries temporaries = new Temporaries()) {
      LinearCall call = call(this, FLAGS, inputs, inputs.size());
      Primitives.assign(output, temporaries.keep(call.value()));
    }
  }

  /** The call of an op, whose sample weights, if there are any, are the input before a number. */
  private static LinearCall call(JavaOp op, int flags, List<INDArray> inputs, int end) {
    CrossEntropyOptions options = CrossEntropyArguments.read(op, flags);
    boolean hasBias = op.iArgs()[0] != 0;
    boolean hasWeights = op.iArgs()[1] != 0;
    return LinearCall.of(
        inputs.get(0),
        inputs.get(1),
        hasBias ? inputs.get(2) : null,
        inputs.get(hasBias ? 3 : 2),
        hasWeights ? inputs.get(end - 1) : null,
        options);
  }

  /** Of all three at once, without those of constants: what is frozen costs nothing. */
  @Override
  public final List<SDVariable> doDiff(List<SDVariable> upstream) {
    boolean hasBias = iArgs()[0] != 0;
    int arguments = hasBias ? 3 : 2;
    List<SDVariable> inputs = new ArrayList<>(List.of(args()));
    inputs.add(upstream.get(0));
    // The gradient needs no loss, but SameDiff computes, and tells its listeners, only what is
    // needed.
    inputs.add(outputVariable());
    boolean[] wanted = new boolean[arguments];
    for (int i = 0; i < arguments; i++) {
      wanted[i] = arg(i).getVariableType() != VariableType.CONSTANT;
    }
    SDVariable[] outputs = new GradientOp().of(this, wanted, inputs.toArray(SDVariable[]::new));
    List<SDVariable> gradients = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < args().length; i++) {
      boolean isWanted = i < arguments && wanted[i];
      gradients.add(isWanted ? outputs[next++] : sameDiff.zerosLike(arg(i)));
    }
    return gradients;
  }

  /**
   * The wanted gradients in a graph, from the inputs of the value, upstream, and the loss. Its
   * third I argument has a bit for each of hidden states, weight and bias.
   */
  public static final class GradientOp extends JavaOp {
    private static final int GRADIENT_FLAGS = FLAGS + 1;

    /** Creates an unconfigured op, for the registry. */
    public GradientOp() {
      super("stable_linear_cross_entropy_bp");
    }

    SDVariable[] of(JavaOp value, boolean[] wanted, SDVariable... inputs) {
      int bits = 0;
      for (int i = 0; i < wanted.length; i++) {
        bits |= wanted[i] ? 1 << i : 0;
      }
      addIArgument(value.iArgs()[0], value.iArgs()[1], bits);
      CrossEntropyArguments.write(CrossEntropyArguments.read(value, FLAGS), this);
      return outputs(inputs);
    }

    private boolean wants(int argument) {
      return (iArgs()[FLAGS] & 1L << argument) != 0;
    }

    @Override
    public int getNumOutputs() {
      // A blank one from the registry has no arguments yet.
      return iArgs().length == 0 ? 1 : Math.max(1, Long.bitCount(iArgs()[FLAGS]));
    }

    @Override
    protected List<long[]> outputShapes(List<INDArray> inputs) {
      List<long[]> shapes = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        if (wants(i)) {
          shapes.add(inputs.get(i).shape());
        }
      }
      return shapes;
    }

    @Override
    protected void forward(List<INDArray> inputs, INDArray output) {
      forward(inputs, List.of(output));
    }

    @Override
    protected void forward(List<INDArray> inputs, List<INDArray> outputs) {
      int upstream = inputs.size() - 2;
      List<INDArray> remaining = new ArrayList<>(outputs);
      INDArray[] out = new INDArray[3];
      for (int i = 0; i < out.length; i++) {
        out[i] = wants(i) ? remaining.remove(0) : null;
      }
      call(this, GRADIENT_FLAGS, inputs, upstream)
          .times(Fused.doubles(inputs.get(upstream)))
          .gradientsInto(out[0], out[1], out[2]);
    }
  }
}
