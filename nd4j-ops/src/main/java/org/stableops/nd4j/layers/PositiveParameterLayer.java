package org.stableops.nd4j.layers;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.nd4j.PositiveTransforms;

/**
 * The configuration of a layer that keeps its input's shape and has positive parameters: one for
 * each channel, along axis 1, or one for all.
 */
abstract class PositiveParameterLayer extends FeedForwardLayer {
  private static final long serialVersionUID = 1;

  // Not one PositiveTransform, for which JSON has no form.
  @JsonProperty private PositiveTransform.Family family;
  @JsonProperty private double parameter;
  @JsonProperty private double lowerBound;
  @JsonProperty private double initial;

  /** For JSON. */
  PositiveParameterLayer() {}

  PositiveParameterLayer(Builder<?> builder) {
    super(builder);
    builder.requireValid();
    family = builder.transform.family();
    parameter = builder.transform.parameter();
    lowerBound = builder.transform.lowerBound();
    initial = builder.initial;
    nOut = nIn;
    initializeConstraints(builder);
  }

  final PositiveTransform transform() {
    return new PositiveTransform(family, parameter, lowerBound);
  }

  final double initial() {
    return initial;
  }

  /** The parameters, not raw, of a network's layer that must be of a class. */
  static INDArray parameters(Class<? extends PositiveParameterLayer> type, Layer layer) {
    PositiveTransform transform = transformOf(type, layer);
    return PositiveTransforms.value(layer.getParam(RawParameters.KEY), transform);
  }

  private static PositiveTransform transformOf(
      Class<? extends PositiveParameterLayer> type, Layer layer) {
    if (!type.isInstance(layer.conf().getLayer())) {
      throw new IllegalArgumentException(
          "layer must be a %s, got %s"
              .formatted(type.getSimpleName(), layer.conf().getLayer().getClass().getSimpleName()));
    }
    return type.cast(layer.conf().getLayer()).transform();
  }

  /** Sets the parameters of a network's layer; nothing is changed if one is none. */
  static void setParameters(
      Class<? extends PositiveParameterLayer> type, Layer layer, INDArray values) {
    PositiveTransform transform = transformOf(type, layer);
    INDArray raw = layer.getParam(RawParameters.KEY);
    if (values == null || !values.equalShapes(raw) || values.dataType() != raw.dataType()) {
      throw new IllegalArgumentException(
          "values must be %s %s, got %s"
              .formatted(
                  raw.dataType(),
                  Shapes.text(raw.shape()),
                  values == null ? "null" : values.dataType() + " " + Shapes.text(values.shape())));
    }
    INDArray inverse = PositiveTransforms.inverse(values, transform);
    raw.assign(inverse);
    PositiveParameterComputation.free(inverse);
  }

  /** How many parameters there are. */
  abstract long parameters();

  abstract PositiveParameterComputation<?> computation(
      NeuralNetConfiguration configuration, DataType type);

  @Override
  public Layer instantiate(
      NeuralNetConfiguration configuration,
      Collection<TrainingListener> listeners,
      int index,
      INDArray view,
      boolean initialize,
      DataType type) {
    if (nIn <= 0) {
      throw new IllegalStateException(
          "nIn of layer %d must be set or told by an input type, got %d".formatted(index, nIn));
    }
    PositiveParameterComputation<?> layer = computation(configuration, type);
    layer.setListeners(listeners);
    layer.setIndex(index);
    layer.setParamsViewArray(view);
    layer.setParamTable(initializer().init(configuration, view, initialize));
    layer.setConf(configuration);
    return layer;
  }

  @Override
  public ParamInitializer initializer() {
    return RawParameters.INSTANCE;
  }

  @Override
  public InputType getOutputType(int index, InputType type) {
    channels(type);
    return type;
  }

  @Override
  public void setNIn(InputType type, boolean override) {
    long channels = channels(type);
    if (nIn <= 0 || override) {
      nIn = channels;
      nOut = channels;
    }
  }

  private static long channels(InputType type) {
    if (type instanceof InputType.InputTypeFeedForward features) {
      return features.getSize();
    }
    if (type instanceof InputType.InputTypeConvolutionalFlat image) {
      return image.getFlattenedSize();
    }
    if (type instanceof InputType.InputTypeRecurrent series
        && series.getFormat() == RNNFormat.NCW) {
      return series.getSize();
    }
    if (type instanceof InputType.InputTypeConvolutional image
        && image.getFormat() == CNN2DFormat.NCHW) {
      return image.getChannels();
    }
    throw new IllegalArgumentException(
        "input type must be feed-forward, recurrent in format NCW or convolutional in format NCHW,"
            + " got "
            + type);
  }

  /** None: the layer takes every shape as it is. */
  @Override
  public @Nullable InputPreProcessor getPreProcessorForInputType(InputType type) {
    return null;
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType type) {
    long parameters = parameters();
    long perExample = type.arrayElementsPerExample();
    return new LayerMemoryReport.Builder(getLayerName(), getClass(), type, type)
        .standardMemory(parameters, getIUpdater().stateSize(parameters))
        .workingMemory(0, 0, 0, 2 * perExample)
        .cacheMemory(0, 0)
        .build();
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof PositiveParameterLayer layer
        && layer.transform().equals(transform())
        && layer.initial == initial;
  }

  @Override
  public int hashCode() {
    return (31 * super.hashCode() + transform().hashCode()) * 31 + Double.hashCode(initial);
  }

  @Override
  protected boolean canEqual(Object other) {
    return other != null && other.getClass() == getClass();
  }

  /**
   * What both builders can set.
   *
   * @param <B> the builder
   */
  abstract static class Builder<B extends Builder<B>> extends FeedForwardLayer.Builder<B> {
    private PositiveTransform transform = PositiveTransform.softplus();
    private double initial;

    Builder(double initial) {
      this.initial = initial;
    }

    /**
     * Sets the transform by which the parameters are positive; softplus unless set.
     *
     * @param transform from raw parameters to parameters
     * @return this
     */
    public B transform(PositiveTransform transform) {
      this.transform = transform;
      return self();
    }

    /**
     * Sets what each parameter starts with.
     *
     * @param value finite and above the transform's lower bound
     * @return this
     */
    public B initial(double value) {
      this.initial = value;
      return self();
    }

    @SuppressWarnings("unchecked") // As in DL4J's builders: B is this class.
    private B self() {
      return (B) this;
    }

    private void requireValid() {
      Arguments.requireGiven("transform", transform);
      transform.requireContained("initial", initial);
      if (nOut != 0 && nOut != nIn) {
        throw new IllegalArgumentException(
            "nOut must be nIn, %d, or not set, got %d".formatted(nIn, nOut));
      }
      if (activationFn != null) {
        throw new IllegalArgumentException(
            "activation must not be set, for the layer has none, got " + activationFn);
      }
    }
  }
}
