package org.stableops.nd4j.layers;

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
import org.stableops.internal.Shapes;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.internal.Halves;

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
    INDArray p = parameters();
    try {
      value(x, p, out);
    } finally {
      free(p);
      freeUnless(input, x);
    }
    mask(out);
    return out;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray x = input.castTo(dataType);
    INDArray next =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, x.shape(), 'c');
    // A copy, for it is not ours to mask.
    INDArray upstream = epsilon.dup('c');
    INDArray p = parameters();
    INDArray ofRaw = gradientViews.get(RawParameters.KEY);
    try {
      mask(upstream);
      gradient(x, p, upstream, next);
      writeRawGradient(wideParameterGradient(x, p, upstream), ofRaw);
    } finally {
      free(upstream, p);
      freeUnless(input, x);
    }
    Gradient gradients = new DefaultGradient();
    gradients.setGradientFor(RawParameters.KEY, ofRaw);
    return new Pair<>(gradients, backpropDropOutIfPresent(next));
  }

  /** In float for half types, whose products may overflow where their sum does not. */
  private INDArray wideParameterGradient(INDArray x, INDArray p, INDArray upstream) {
    DataType type = Halves.wideType(dataType);
    INDArray wideX = x.castTo(type);
    INDArray wideP = p.castTo(type);
    INDArray wideUpstream = upstream.castTo(type);
    try {
      return parameterGradient(wideX, wideP, wideUpstream);
    } finally {
      freeUnless(x, wideX);
      freeUnless(p, wideP);
      freeUnless(upstream, wideUpstream);
    }
  }

  /** Without weight noise: what noise makes of a raw value means nothing. */
  private INDArray parameters() {
    return PositiveTransforms.value(getParam(RawParameters.KEY), layerConf().transform());
  }

  /** Sums what each parameter has met, in double, and follows the transform. Frees the terms. */
  private void writeRawGradient(INDArray terms, INDArray out) {
    INDArray wide = terms.castTo(DataType.DOUBLE);
    INDArray raw = getParam(RawParameters.KEY);
    INDArray wideRaw = raw.castTo(DataType.DOUBLE);
    long count = layerConf().parameters();
    INDArray sums = count == 1 ? wide.sum() : wide.sum(allButTheChannels(terms.rank()));
    INDArray derivative = PositiveTransforms.gradient(wideRaw, layerConf().transform());
    if (count == 1) {
      out.putScalar(0, derivative.getDouble(0) * sums.getDouble(0));
    } else {
      out.assign(derivative.muli(sums.reshape(count)));
    }
    free(terms, sums, derivative);
    freeUnless(terms, wide);
    freeUnless(raw, wideRaw);
  }

  /** What lives in a workspace is the workspace's. */
  static void free(INDArray... arrays) {
    for (INDArray array : arrays) {
      if (array.closeable()) {
        array.close();
      }
    }
  }

  /** Frees what castTo has made, unless it had nothing to do. */
  private static void freeUnless(INDArray original, INDArray cast) {
    if (cast != original) {
      free(cast);
    }
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
          "input must have shape (N, %1$d), (N, %1$d, T) or (N, %1$d, H, W), got %2$s %3$s"
              .formatted(layerConf().getNIn(), Shapes.text(x.shape()), layerId()));
    }
    return x;
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }
}
