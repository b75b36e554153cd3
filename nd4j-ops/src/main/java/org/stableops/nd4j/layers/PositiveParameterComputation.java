package org.stableops.nd4j.layers;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.nd4j.PositiveTransforms;

/**
 * The work of a layer with positive parameters, which each function's subclass tells value and
 * gradients.
 *
 * @param <L> its configuration
 */
abstract class PositiveParameterComputation<L extends PositiveParameterLayer> extends BaseLayer<L> {
  private static final long serialVersionUID = 1;

  PositiveParameterComputation(NeuralNetConfiguration configuration, DataType type) {
    super(configuration, type);
  }

  /** Writes f(x; p), p a vector of the parameters. */
  abstract void value(INDArray x, INDArray p, INDArray out);

  /** Writes upstream × ∂f/∂x. */
  abstract void gradient(INDArray x, INDArray p, INDArray upstream, INDArray out);

  /** Returns upstream × ∂f/∂p, not summed, of x's shape. */
  abstract INDArray parameterGradient(INDArray x, INDArray p, INDArray upstream);

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    applyDropOutIfNecessary(training, workspaces);
    INDArray x = requireChannels(input.castTo(dataType));
    INDArray out = workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, x.shape(), 'c');
    value(x, parameters(training, workspaces), out);
    mask(out);
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray x = input.castTo(dataType);
    // A copy, for it is not ours to mask.
    INDArray upstream = epsilon.dup('c');
    mask(upstream);
    INDArray p = parameters(true, workspaces);
    INDArray next =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, x.shape(), 'c');
    gradient(x, p, upstream, next);
    INDArray gradient = gradientViews.get(RawParameters.KEY);
    gradient.assign(rawGradient(parameterGradient(x, p, upstream), workspaces));
    weightNoiseParams.clear();
    Gradient gradients = new DefaultGradient();
    gradients.setGradientFor(RawParameters.KEY, gradient);
    return new Pair<>(gradients, backpropDropOutIfPresent(next));
  }

  private INDArray raw(boolean training, LayerWorkspaceMgr workspaces) {
    return getParamWithNoise(RawParameters.KEY, training, workspaces);
  }

  private INDArray parameters(boolean training, LayerWorkspaceMgr workspaces) {
    return PositiveTransforms.value(raw(training, workspaces), layerConf().transform());
  }

  /** Sums what each parameter has met, in double, and follows the transform. */
  private INDArray rawGradient(INDArray terms, LayerWorkspaceMgr workspaces) {
    INDArray wide = terms.castTo(DataType.DOUBLE);
    long count = layerConf().parameters();
    INDArray sums = count == 1 ? wide.sum() : wide.sum(allButTheChannels(terms.rank()));
    INDArray raw = raw(true, workspaces);
    INDArray derivative =
        PositiveTransforms.gradient(raw.castTo(DataType.DOUBLE), layerConf().transform());
    return derivative.muli(sums.reshape(count));
  }

  private static int[] allButTheChannels(int rank) {
    return IntStream.range(0, rank).filter(axis -> axis != 1).toArray();
  }

  /** As DL4J's dense layers do; what a mask of time steps covers is no concern of ours. */
  private void mask(INDArray array) {
    if (maskArray != null && array.rank() == 2) {
      applyMask(array);
    }
  }

  private INDArray requireChannels(INDArray x) {
    if (x.rank() < 2 || x.rank() > 4 || x.size(1) != layerConf().getNIn()) {
      throw new IllegalArgumentException(
          "input must have shape [N, %1$d], [N, %1$d, T] or [N, %1$d, H, W], got %2$s %3$s"
              .formatted(layerConf().getNIn(), Arrays.toString(x.shape()), layerId()));
    }
    return x;
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }
}
