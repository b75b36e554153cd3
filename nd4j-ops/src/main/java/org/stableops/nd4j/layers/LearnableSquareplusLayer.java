package org.stableops.nd4j.layers;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastCopyOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.Parameters;
import org.stableops.nd4j.Squareplus;

/**
 * Squareplus as a DL4J layer that learns its b: y = (x + √(x² + b))/2, b = lowerBound + f(raw), one
 * for all channels or one for each.
 *
 * <pre>{@code
 * MultiLayerConfiguration configuration =
 *     new NeuralNetConfiguration.Builder()
 *         .updater(new Adam(1e-3))
 *         .list()
 *         .layer(new DenseLayer.Builder().nOut(8).activation(Activation.IDENTITY).build())
 *         .layer(new LearnableSquareplusLayer.Builder().perChannel().initial(1).build())
 *         .layer(new OutputLayer.Builder().nOut(3).build())
 *         .setInputType(InputType.feedForward(4))
 *         .build();
 * MultiLayerNetwork network = new MultiLayerNetwork(configuration);
 * network.init();
 * INDArray b = LearnableSquareplusLayer.b(network.getLayer(1)); // 8 of them
 * }</pre>
 *
 * <p>Inputs are [N, C], [N, C, T] (NCW) or [N, C, H, W] (NCHW). The network's parameter, "W", is
 * the raw one, and so is what L1, L2, weight decay and constraints act on.
 *
 * @see Squareplus
 */
public final class LearnableSquareplusLayer extends PositiveParameterLayer {
  private static final long serialVersionUID = 1;

  @JsonProperty private boolean perChannel;

  /** For JSON. */
  private LearnableSquareplusLayer() {}

  private LearnableSquareplusLayer(Builder builder) {
    super(builder);
    perChannel = builder.perChannel;
  }

  /**
   * Returns b of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}
   * @return a new vector of one number, or one a channel
   * @throws IllegalArgumentException if it is another layer
   */
  public static INDArray b(org.deeplearning4j.nn.api.Layer layer) {
    return parameters(LearnableSquareplusLayer.class, layer);
  }

  /**
   * Sets the b of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}
   * @param values of the shape and dtype that {@link #b} returns, each finite and above the lower
   *     bound
   * @throws IllegalArgumentException if it is another layer, or the values are not such; nothing is
   *     changed then
   */
  public static void setB(org.deeplearning4j.nn.api.Layer layer, INDArray values) {
    setParameters(LearnableSquareplusLayer.class, layer, values);
  }

  @Override
  long parameters() {
    return perChannel ? getNIn() : 1;
  }

  @Override
  PositiveParameterComputation<?> computation(NeuralNetConfiguration configuration, DataType type) {
    return new Computation(configuration, type);
  }

  @Override
  public LearnableSquareplusLayer clone() {
    return (LearnableSquareplusLayer) super.clone();
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other) && ((LearnableSquareplusLayer) other).perChannel == perChannel;
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + Boolean.hashCode(perChannel);
  }

  /** Builds the layer; b is one, and starts with 4, unless told otherwise. */
  @SuppressWarnings("unchecked") // DL4J declares build() with a type that only the caller knows.
  public static final class Builder extends PositiveParameterLayer.Builder<Builder> {
    private boolean perChannel;

    /** Creates a builder. */
    public Builder() {
      super(Parameters.DEFAULT_B);
    }

    /**
     * Gives each channel a b of its own, instead of one for all.
     *
     * @return this
     */
    public Builder perChannel() {
      this.perChannel = true;
      return this;
    }

    /**
     * Builds the layer.
     *
     * @throws IllegalArgumentException if the initial b is not one of the transform, or if what the
     *     layer has not was set
     */
    @Override
    public LearnableSquareplusLayer build() {
      return new LearnableSquareplusLayer(this);
    }
  }

  private static final class Computation
      extends PositiveParameterComputation<LearnableSquareplusLayer> {
    private static final long serialVersionUID = 1;

    Computation(NeuralNetConfiguration configuration, DataType type) {
      super(configuration, type);
    }

    @Override
    void value(INDArray x, INDArray b, INDArray out) {
      Squareplus.valueInto(x, alongChannels(x, b), out);
    }

    @Override
    void gradient(INDArray x, INDArray b, INDArray upstream, INDArray out) {
      INDArray gradient = Squareplus.gradient(x, alongChannels(x, b));
      out.assign(gradient.muli(upstream));
      free(gradient);
    }

    /** With a b for each element nothing is summed before upstream multiplies it. */
    @Override
    INDArray parameterGradient(INDArray x, INDArray b, INDArray upstream) {
      INDArray repeated = Nd4j.createUninitialized(x.dataType(), x.shape(), 'c');
      if (b.length() == 1) {
        repeated.assign(b.getDouble(0));
      } else {
        Nd4j.getExecutioner().exec(new BroadcastCopyOp(repeated, b, repeated, 1));
      }
      INDArray gradient = Squareplus.parameterGradient(x, repeated).muli(upstream);
      free(repeated);
      return gradient;
    }

    private static INDArray alongChannels(INDArray x, INDArray b) {
      if (b.length() == 1) {
        return b;
      }
      long[] shape = new long[x.rank()];
      Arrays.fill(shape, 1);
      shape[1] = b.length();
      return b.reshape('c', shape);
    }
  }
}
