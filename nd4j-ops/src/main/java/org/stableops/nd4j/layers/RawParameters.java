package org.stableops.nd4j.layers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Raw parameters as the only weights of a layer. */
final class RawParameters implements ParamInitializer {
  static final RawParameters INSTANCE = new RawParameters();

  static final String KEY = "W";

  private RawParameters() {}

  @Override
  public long numParams(NeuralNetConfiguration configuration) {
    return numParams(configuration.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return ((PositiveParameterLayer) layer).parameters();
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    return List.of(KEY);
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return List.of(KEY);
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return List.of();
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return KEY.equals(key);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return false;
  }

  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration configuration, INDArray view, boolean initialize) {
    PositiveParameterLayer layer = (PositiveParameterLayer) configuration.getLayer();
    if (initialize) {
      view.assign(layer.transform().inverse(layer.initial()));
    }
    configuration.addVariable(KEY);
    return named(view);
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration configuration, INDArray view) {
    return named(view);
  }

  private static Map<String, INDArray> named(INDArray view) {
    Map<String, INDArray> byName = new LinkedHashMap<>();
    byName.put(KEY, view.reshape(view.length()));
    return byName;
  }
}
