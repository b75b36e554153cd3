package org.stableops.nd4j.layers;

import java.util.Arrays;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.internal.SoftmaxShape;
import org.stableops.nd4j.LinearCrossEntropy;
import org.stableops.nd4j.internal.Fused;
import org.stableops.nd4j.internal.LinearCall;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * DL4J's OutputLayer for a large vocabulary: it trains, and scores a DataSet, without the logits of
 * more than a piece of the examples, as {@link LinearCrossEntropy} does.
 *
 * <pre>{@code
 * MultiLayerConfiguration configuration =
 *     new NeuralNetConfiguration.Builder()
 *         .updater(new Adam(1e-3))
 *         .list()
 *         .layer(new DenseLayer.Builder().nIn(64).nOut(128).build())
 *         .layer(new LinearCrossEntropyOutputLayer.Builder().nIn(128).nOut(34000).build())
 *         .build();
 * MultiLayerNetwork network = new MultiLayerNetwork(configuration);
 * network.init();
 * INDArray labels = Nd4j.zeros(DataType.INT32, 32, 1); // classes
 * network.fit(Nd4j.rand(DataType.FLOAT, 32, 64), labels);
 * }</pre>
 *
 * <p>Labels are integers of shape [N, 1]; behind a recurrent layer, for which DL4J makes one
 * example of each step, [N·T, 1]. A mask of 0 and 1, [N, 1], leaves examples out: they are never
 * read. Score and gradient are those of {@link LossFusedSoftmaxCrossEntropy}: by DL4J's convention,
 * the sum over the examples by the size of the minibatch. {@code output} computes the
 * probabilities, or with the activation identity the logits, of all examples it is given: give it
 * few.
 */
public final class LinearCrossEntropyOutputLayer extends OutputLayer {
  private static final long serialVersionUID = 1;

  /** For JSON. */
  private LinearCrossEntropyOutputLayer() {}

  private LinearCrossEntropyOutputLayer(Builder builder) {
    super(builder);
    initializeConstraints(builder);
  }

  @Override
  public Layer instantiate(
      NeuralNetConfiguration configuration,
      Collection<TrainingListener> listeners,
      int index,
      INDArray view,
      boolean initialize,
      DataType type) {
    Computation layer = new Computation(configuration, type);
    layer.setListeners(listeners);
    layer.setIndex(index);
    layer.setParamsViewArray(view);
    layer.setParamTable(initializer().init(configuration, view, initialize));
    layer.setConf(configuration);
    return layer;
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other) && other instanceof LinearCrossEntropyOutputLayer;
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }

  @Override
  protected boolean canEqual(Object other) {
    return other instanceof LinearCrossEntropyOutputLayer;
  }

  /** Builds the layer, with a bias and the activation softmax unless told otherwise. */
  @SuppressWarnings("unchecked") // DL4J declares build() with a type that only the caller knows.
  public static final class Builder extends OutputLayer.Builder {
    /** Creates a builder of a layer with the default options. */
    public Builder() {
      this(CrossEntropyOptions.DEFAULT);
    }

    /**
     * Creates a builder.
     *
     * @param options ignored label, smoothing, z-loss and class weights; the reduction is DL4J's
     * @throws IllegalArgumentException if they are null
     */
    public Builder(CrossEntropyOptions options) {
      super(new LossFusedSoftmaxCrossEntropy(Arguments.requireGiven("options", options)));
      activation(new ActivationSoftmax());
    }

    /**
     * Builds the layer.
     *
     * @throws IllegalArgumentException if the activation is neither softmax nor identity, or the
     *     loss function is not LossFusedSoftmaxCrossEntropy
     */
    @Override
    public LinearCrossEntropyOutputLayer build() {
      if (!(activationFn instanceof ActivationSoftmax
          || activationFn instanceof ActivationIdentity)) {
        throw new IllegalArgumentException(
            "activation must be softmax or identity, got " + activationFn);
      }
      if (!(lossFn instanceof LossFusedSoftmaxCrossEntropy)) {
        throw new IllegalArgumentException(
            "lossFunction must be LossFusedSoftmaxCrossEntropy, got " + lossFn);
      }
      return new LinearCrossEntropyOutputLayer(this);
    }
  }

  /** The work of the layer. DL4J's own still makes the outputs. */
  private static final class Computation extends org.deeplearning4j.nn.layers.OutputLayer {
    private static final long serialVersionUID = 1;
    private static final String W = DefaultParamInitializer.WEIGHT_KEY;
    private static final String B = DefaultParamInitializer.BIAS_KEY;

    /** What the last backward has found of this input, for the score of the same step. */
    private transient double @Nullable [] losses;

    Computation(NeuralNetConfiguration configuration, DataType type) {
      super(configuration, type);
    }

    @Override
    public void setInput(INDArray newInput, LayerWorkspaceMgr workspaces) {
      losses = null;
      super.setInput(newInput, workspaces);
    }

    @Override
    public void setLabels(INDArray newLabels) {
      losses = null;
      super.setLabels(newLabels);
    }

    @Override
    public void setMaskArray(INDArray newMask) {
      losses = null;
      super.setMaskArray(newMask);
    }

    @Override
    public void clear() {
      losses = null;
      super.clear();
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
        INDArray epsilon, LayerWorkspaceMgr workspaces) {
      assertInputSet(true);
      LinearCall call = call(true, workspaces);
      INDArray next =
          workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
      INDArray ofW = gradientViews.get(W);
      INDArray ofB = hasBias() ? gradientViews.get(B) : null;
      // DL4J's weight is [D, V], by columns.
      losses = call.gradientsInto(next, ofW.transpose(), ofB == null ? null : vector(ofB));
      Gradient gradients = new DefaultGradient();
      gradients.setGradientFor(W, ofW);
      if (ofB != null) {
        gradients.setGradientFor(B, ofB);
      }
      weightNoiseParams.clear();
      return new Pair<>(gradients, backpropDropOutIfPresent(next));
    }

    private static INDArray vector(INDArray array) {
      return array.reshape('c', new long[] {array.length()});
    }

    private LinearCall call(boolean training, LayerWorkspaceMgr workspaces) {
      assertInputSet(false);
      applyDropOutIfNecessary(training, workspaces);
      INDArray weight = getParamWithNoise(W, training, workspaces);
      INDArray bias = hasBias() ? getParamWithNoise(B, training, workspaces) : null;
      requireInput();
      requireLabels();
      CrossEntropyOptions options =
          ((LossFusedSoftmaxCrossEntropy) layerConf().getLossFn()).options();
      return LinearCall.of(
          input.castTo(dataType),
          weight.transpose(),
          bias == null ? null : vector(bias),
          labels,
          mask(),
          options.withReduction(Reduction.NONE));
    }

    /** One element per example, in any shape. */
    private @Nullable INDArray mask() {
      if (maskArray == null) {
        return null;
      }
      SoftmaxShape.of("hidden", input.shape(), 1).requireMask(maskArray.shape());
      SoftmaxShape.requireZerosAndOnes(Fused.doubles(maskArray));
      return maskArray.reshape('c', new long[] {maskArray.length()});
    }

    private void requireInput() {
      if (input.rank() != 2 || input.size(1) != layerConf().getNIn()) {
        throw new IllegalArgumentException(
            "input must have shape (N, %d), got %s %s"
                .formatted(layerConf().getNIn(), Shapes.text(input.shape()), layerId()));
      }
    }

    private void requireLabels() {
      if (labels == null || labels.rank() != 2 || labels.size(1) != 1) {
        throw new IllegalArgumentException(
            "labels must be integers of shape (%d, 1), got %s %s"
                .formatted(
                    input.size(0),
                    labels == null ? "null" : "shape " + Shapes.text(labels.shape()),
                    layerId()));
      }
    }

    @Override
    public double computeScore(
        double regularization, boolean training, LayerWorkspaceMgr workspaces) {
      double[] ofExamples = losses != null ? losses : call(training, workspaces).losses();
      losses = null;
      double sum = Arrays.stream(ofExamples).sum();
      score = conf().isMiniBatch() ? sum / getInputMiniBatchSize() : sum;
      score += regularization;
      return score;
    }

    @Override
    public INDArray computeScoreForExamples(double regularization, LayerWorkspaceMgr workspaces) {
      double[] ofExamples = call(false, workspaces).losses();
      INDArray column =
          Nd4j.createFromArray(Arrays.stream(ofExamples).map(x -> x + regularization).toArray())
              .reshape('c', new long[] {ofExamples.length, 1})
              .castTo(dataType);
      return workspaces.leverageTo(ArrayType.ACTIVATIONS, column);
    }
  }
}
