package org.stableops.nd4j.layers;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A DL4J layer that multiplies each channel by a positive number of its own, which it learns: y =
 * s·x, s = lowerBound + f(raw).
 *
 * <pre>{@code
 * MultiLayerConfiguration configuration =
 *     new NeuralNetConfiguration.Builder()
 *         .updater(new Adam(1e-3))
 *         .list()
 *         .layer(new DenseLayer.Builder().nIn(4).nOut(8).build())
 *         .layer(
 *             new PositiveScaleLayer.Builder()
 *                 .nIn(8)
 *                 .transform(PositiveTransform.softplus().withLowerBound(1e-3))
 *                 .initial(1)
 *                 .build())
 *         .layer(new OutputLayer.Builder().nIn(8).nOut(3).build())
 *         .build();
 * MultiLayerNetwork network = new MultiLayerNetwork(configuration);
 * network.init();
 * INDArray scales = PositiveScaleLayer.scales(network.getLayer(1)); // 8 of them
 * }</pre>
 *
 * <p>Inputs are [N, C], [N, C, T] (NCW) or [N, C, H, W] (NCHW). The network's parameter, "W", is
 * the raw one, and so is what L1, L2, weight decay and constraints act on.
 */
public final class PositiveScaleLayer extends PositiveParameterLayer {
  private static final long serialVersionUID = 1;

  /** For JSON. */
  private PositiveScaleLayer() {}

  private PositiveScaleLayer(Builder builder) {
    super(builder);
  }

  /**
   * Returns the scales of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}
   * @return a new vector, one number a channel
   * @throws IllegalArgumentException if it is another layer
   */
  public static INDArray scales(org.deeplearning4j.nn.api.Layer layer) {
    return parameters(PositiveScaleLayer.class, layer);
  }

  /**
   * Sets the scales of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}
   * @param values of the shape and dtype that {@link #scales} returns, each finite and above the
   *     lower bound
   * @throws IllegalArgumentException if it is another layer, or the values are not such; nothing is
   *     changed then
   */
  public static void setScales(org.deeplearning4j.nn.api.Layer layer, INDArray values) {
    setParameters(PositiveScaleLayer.class, layer, values);
  }

  @Override
  long parameters() {
    return getNIn();
  }

  @Override
  PositiveParameterComputation<?> computation(NeuralNetConfiguration configuration, DataType type) {
    return new Computation(configuration, type);
  }

  @Override
  public PositiveScaleLayer clone() {
    return (PositiveScaleLayer) super.clone();
  }

  /** Builds the layer; its scales start with 1 unless told otherwise. */
  @SuppressWarnings("unchecked") // DL4J declares build() with a type that only the caller knows.
  public static final class Builder extends PositiveParameterLayer.Builder<Builder> {
    /** Creates a builder. */
    public Builder() {
      super(1);
    }

    /**
     * Builds the layer.
     *
     * @throws IllegalArgumentException if the initial scale is not one of the transform, or if what
     *     the layer has not was set
     */
    @Override
    public PositiveScaleLayer build() {
      return new PositiveScaleLayer(this);
    }
  }

  private static final class Computation extends PositiveParameterComputation<PositiveScaleLayer> {
    private static final long serialVersionUID = 1;

    Computation(NeuralNetConfiguration configuration, DataType type) {
      super(configuration, type);
    }

    @Override
    void value(INDArray x, INDArray p, INDArray out) {
      Nd4j.getExecutioner().exec(new BroadcastMulOp(x, p, out, 1));
    }

    @Override
    void gradient(INDArray x, INDArray p, INDArray upstream, INDArray out) {
      value(upstream, p, out);
    }

    @Override
    INDArray parameterGradient(INDArray x, INDArray p, INDArray upstream) {
      return x.mul(upstream);
    }
  }
}
