package org.stableops.nd4j.weights;

import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;

/** Which layers can have positive weights, and which have. */
final class Layers {
  private static final String READS_RAW = "it does not read its weights by DL4J's weight noise";

  private static final String MISPLACED =
      "DL4J applies its regularization of weights to other parameters, the biases among them";

  /** By name, for some are deprecated. */
  private static final Map<String, String> REASONS =
      Map.of(
          "EmbeddingLayer", READS_RAW,
          "EmbeddingSequenceLayer", READS_RAW,
          "PReLULayer", READS_RAW,
          "ElementWiseMultiplicationLayer", READS_RAW,
          "GravesBidirectionalLSTM", READS_RAW,
          "BatchNormalization", READS_RAW,
          "DepthwiseConvolution2D", MISPLACED,
          "SeparableConvolution2D", MISPLACED,
          "Convolution1DLayer", "its backward pass reads its weights without weight noise");

  private Layers() {}

  static void requireSupported(BaseLayer layer) {
    Arguments.requireGiven("layer", layer);
    if (layer.getWeightNoise() != null) {
      throw refused(
          layer,
          "it has room for one weight noise, and has " + layer.getWeightNoise() + " already");
    }
    if (!PositiveLayers.support(layer)) {
      throw refused(
          layer,
          REASONS.getOrDefault(
              layer.getClass().getSimpleName(), "it is not one of those that were checked"));
    }
    if (layer.initializer().weightKeys(layer).contains(DefaultParamInitializer.GAIN_KEY)) {
      throw refused(layer, "with layer normalisation DL4J counts the gain among the weights");
    }
    requireNoStart(layer);
  }

  private static void requireNoStart(BaseLayer layer) {
    boolean hasStart =
        layer.getWeightInitFn() != null
            || layer instanceof BaseRecurrentLayer recurrent
                && recurrent.getWeightInitFnRecurrent() != null;
    if (hasStart) {
      throw refused(
          layer, "it has a weightInit of its own, which startingWith of positive weights replaces");
    }
  }

  private static IllegalArgumentException refused(BaseLayer layer, String reason) {
    return new IllegalArgumentException(
        "weights of %s cannot be made positive: %s"
            .formatted(layer.getClass().getSimpleName(), reason));
  }

  static PositiveTransform transform(Layer layer, String key) {
    Arguments.requireGiven("layer", layer);
    Arguments.requireGiven("key", key);
    if (layer.conf().getLayer() instanceof BaseLayer configuration
        && configuration.getWeightNoise() instanceof PositiveValues values
        && configuration.initializer().weightKeys(configuration).contains(key)) {
      return values.transform();
    }
    throw new IllegalArgumentException(
        "layer must have positive weights %s, got %s with %s"
            .formatted(key, layer.getClass().getSimpleName(), layer.paramTable().keySet()));
  }

  static void requireShape(INDArray values, INDArray raw) {
    if (values == null) {
      throw new IllegalArgumentException("values must be an array, got null");
    }
    if (!Arrays.equals(values.shape(), raw.shape())) {
      throw new IllegalArgumentException(
          "values must have shape %s, got %s"
              .formatted(Shapes.text(raw.shape()), Shapes.text(values.shape())));
    }
  }
}
