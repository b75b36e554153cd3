package org.stableops.nd4j.weights;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * DL4J's layers with positive weights. Transfer learning can replace every hook in a layer's
 * fields, so these return theirs whatever the fields hold. Java has no shorter way to override the
 * same methods of nine classes.
 *
 * <p>Their JSON is that of DL4J's layers, but for the name of the class. The hooks are read from
 * {@code weightInitFn} alone.
 */
final class PositiveLayers {
  private static final Map<Class<? extends BaseLayer>, Function<PositiveStart, BaseLayer>> MAKERS =
      Map.of(
          DenseLayer.class, Dense::new,
          OutputLayer.class, Output::new,
          RnnOutputLayer.class, RnnOutput::new,
          ConvolutionLayer.class, Conv2D::new,
          Deconvolution2D.class, Deconv2D::new,
          Convolution3D.class, Conv3D::new,
          Deconvolution3D.class, Deconv3D::new,
          SimpleRnn.class, Rnn::new,
          LSTM.class, Lstm::new);

  private PositiveLayers() {}

  /** Only layers whose gradients are checked by finite differences; subclasses may do anything. */
  static boolean support(BaseLayer layer) {
    return MAKERS.containsKey(layer.getClass());
  }

  static BaseLayer copy(BaseLayer layer, PositiveStart start) {
    BaseLayer from = layer.clone();
    BaseLayer copy = MAKERS.get(layer.getClass()).apply(start);
    for (Class<?> c = layer.getClass(); c != Object.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          copy(field, from, copy);
        }
      }
    }
    return copy;
  }

  /** By reflection, since DL4J's builders cannot be filled from a layer. */
  private static void copy(Field field, BaseLayer from, BaseLayer to) {
    try {
      field.setAccessible(true);
      field.set(to, field.get(from));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(field + " cannot be copied", e);
    }
  }

  static final class Dense extends DenseLayer {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Dense(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Output extends OutputLayer {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Output(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class RnnOutput extends RnnOutputLayer {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    RnnOutput(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Conv2D extends ConvolutionLayer {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Conv2D(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Deconv2D extends Deconvolution2D {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Deconv2D(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Conv3D extends Convolution3D {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Conv3D(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Deconv3D extends Deconvolution3D {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Deconv3D(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Rnn extends SimpleRnn {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Rnn(@JsonProperty("weightInitFn") PositiveStart start) {
      super(new SimpleRnn.Builder());
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public IWeightInit getWeightInitFnRecurrent() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }

  static final class Lstm extends LSTM {
    private static final long serialVersionUID = 1;

    private final Hooks hooks;

    @JsonCreator
    Lstm(@JsonProperty("weightInitFn") PositiveStart start) {
      hooks = new Hooks(start);
    }

    @Override
    public IWeightNoise getWeightNoise() {
      return hooks.values();
    }

    @Override
    public IWeightInit getWeightInitFn() {
      return hooks.start();
    }

    @Override
    public IWeightInit getWeightInitFnRecurrent() {
      return hooks.start();
    }

    @Override
    public List<Regularization> getRegularizationByParam(String key) {
      return hooks.regularization(this, key, super.getRegularizationByParam(key));
    }
  }
}
