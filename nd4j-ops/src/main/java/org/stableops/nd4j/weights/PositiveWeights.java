package org.stableops.nd4j.weights;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;
import org.stableops.nd4j.PositiveTransforms;

/**
 * Makes the weights of a DL4J layer positive, its biases left free: the network's parameters are
 * raw weights, and the layer computes with their {@link PositiveTransform}. Rates and mixtures need
 * it; a network of positive weights and increasing activations is increasing in every input.
 *
 * <pre>{@code
 * PositiveWeights positive = PositiveWeights.by(PositiveTransform.softplus());
 * MultiLayerConfiguration configuration =
 *     new NeuralNetConfiguration.Builder()
 *         .updater(new Adam(1e-3))
 *         .list()
 *         .layer(positive.on(new DenseLayer.Builder().nIn(4).nOut(8).build()))
 *         .layer(positive.on(new OutputLayer.Builder().nIn(8).nOut(1).build()))
 *         .build();
 * MultiLayerNetwork network = new MultiLayerNetwork(configuration);
 * network.init();
 * INDArray weights = PositiveWeights.get(network.getLayer(0), "W"); // 4 × 8, all above 0
 * PositiveWeights.set(network.getLayer(0), "W", weights.mul(2));
 * MultiLayerNetwork tuned =
 *     new TransferLearning.Builder(network)
 *         .fineTuneConfiguration(new FineTuneConfiguration.Builder().l2(1e-4).build())
 *         .build();
 * }</pre>
 *
 * <p>All weights of the layer are positive: those between inputs and outputs, of a recurrent layer
 * also those between time steps. It works in DenseLayer, OutputLayer, RnnOutputLayer,
 * ConvolutionLayer, Deconvolution2D, Convolution3D, Deconvolution3D, SimpleRnn and LSTM, and in
 * wrappers around them; other layers do not read all of their weights by the hook that this needs,
 * or are not checked, and are refused.
 *
 * <p>What the network's methods show is raw: {@code params()}, {@code getParam("0_W")}, listeners.
 * {@link #get} and {@link #set} speak of the values. What else acts on parameters acts on raw
 * weights, before or after the gradient is multiplied by the derivative of the transform:
 *
 * <ul>
 *   <li>L1, L2 and weight decay, the layer's or the network's, come after it and pull raw weights
 *       to 0, which for softplus is a weight of log 2.
 *   <li>Gradient clipping and normalisation come first, and see the gradient to the values.
 *   <li>{@code network.gradient()} after {@code computeGradientAndScore} is the gradient to the
 *       values; the updater gets the one to raw weights.
 *   <li>Constraints project raw weights, so {@link PositiveConstraint} is for other layers.
 *   <li>In half, Adam needs an epsilon that is not 0 there, such as 1e-4: with its default it
 *       divides 0 by 0 where the square of a small gradient underflows.
 *   <li>Weight noise and initialisers set elsewhere have no effect on the layer: those of the
 *       network, of a FineTuneConfiguration, of nOutReplace and nInReplace.
 * </ul>
 *
 * <p>Transfer learning keeps weights positive, and a fine tuning starts with the outputs of the
 * network it is given. L1, L2 and weight decay of a FineTuneConfiguration replace those of the
 * layer. A layer whose nIn or nOut is replaced starts as a new one.
 *
 * <p>Configurations and networks survive JSON, ModelSerializer and clone; to load one, this class
 * only has to be on the class path.
 */
public final class PositiveWeights {
  private final PositiveTransform transform;
  private final IWeightInit start;

  private PositiveWeights(PositiveTransform transform, IWeightInit start) {
    this.transform = transform;
    this.start = start;
  }

  /**
   * Returns what makes weights positive by a transform. They start uniform between the lower bound
   * and 2/fanIn above it; where the bound is 0, sums of inputs thus weighed are near their mean.
   *
   * @param transform from raw weights to weights
   * @return to be applied to layers
   * @throws IllegalArgumentException if the transform is null
   */
  public static PositiveWeights by(PositiveTransform transform) {
    Arguments.requireGiven("transform", transform);
    return new PositiveWeights(transform, new UniformAbove(transform.lowerBound()));
  }

  /**
   * Returns one like this that starts with equal weights.
   *
   * @param value of each weight
   * @return to be applied to layers
   * @throws IllegalArgumentException if the value is not finite or not above the lower bound
   */
  public PositiveWeights startingAt(double value) {
    transform.requireContained("value", value);
    return new PositiveWeights(transform, new WeightInitConstant(value));
  }

  /**
   * Returns one like this with another start.
   *
   * @param values makes weights, not raw ones; each must be finite and above the lower bound, which
   *     is checked when a network is initialised
   * @return to be applied to layers
   * @throws IllegalArgumentException if values is null
   */
  public PositiveWeights startingWith(IWeightInit values) {
    Arguments.requireGiven("values", values);
    return new PositiveWeights(transform, values);
  }

  /**
   * Returns a copy of a layer, the weights of which are positive.
   *
   * @param layer one of those listed above, without weight noise, layer normalisation and an
   *     initialiser of weights
   * @param <L> its class
   * @return another layer like it, of a subclass
   * @throws IllegalArgumentException if the layer's weights cannot be made positive
   */
  public <L extends BaseLayer> L on(L layer) {
    Layers.requireSupported(layer);
    @SuppressWarnings("unchecked") // The copy is of a subclass.
    L copy = (L) PositiveLayers.copy(layer, new PositiveStart(transform, start));
    copy.setRegularization(withDerivative(copy.getRegularization()));
    return copy;
  }

  /** So that getRegularization tells what is applied. */
  private List<Regularization> withDerivative(List<Regularization> others) {
    List<Regularization> all = new ArrayList<>();
    all.add(new PositiveDerivative(transform));
    if (others != null) {
      all.addAll(others);
    }
    return all;
  }

  /**
   * Returns the positive weights of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}, made of one that {@link #on} returned, but not of a
   *     Bidirectional around it, which hides its two layers
   * @param key of the weights: "W", for recurrent weights "RW"
   * @return a new array
   * @throws IllegalArgumentException if the layer has no positive weights of that name
   */
  public static INDArray get(Layer layer, String key) {
    PositiveTransform transform = Layers.transform(layer, key);
    return PositiveTransforms.value(layer.getParam(key), transform);
  }

  /**
   * Sets the positive weights of a network's layer.
   *
   * @param layer {@code network.getLayer(…)}, made of one that {@link #on} returned, but not of a
   *     Bidirectional around it, which hides its two layers
   * @param key of the weights: "W", for recurrent weights "RW"
   * @param values of the shape that {@link #get} returns, each finite and above the lower bound
   * @throws IllegalArgumentException if the layer has no positive weights of that name, or a value
   *     is none; nothing is changed then
   */
  public static void set(Layer layer, String key, INDArray values) {
    PositiveTransform transform = Layers.transform(layer, key);
    INDArray raw = layer.getParam(key);
    Layers.requireShape(values, raw);
    INDArray cast = values.castTo(raw.dataType());
    INDArray inverse = PositiveTransforms.inverse(cast, transform);
    raw.assign(inverse);
    inverse.close();
    if (cast != values) {
      cast.close();
    }
    layer.clearNoiseWeightParams();
  }

  /** Tells the transform and the start. */
  @Override
  public String toString() {
    return "PositiveWeights(" + transform + ", " + start + ")";
  }
}
