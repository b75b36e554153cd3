package org.stableops.nd4j.weights;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.PositiveTransforms;

/** The layer's view of its raw weights: by the hook for noise it gets their values instead. */
final class PositiveValues extends Reparameterization implements IWeightNoise {
  private static final long serialVersionUID = 1;

  /** The values of a layer's weights in training; of a layer that is gone, nobody reads them. */
  private record Kept(WeakReference<Layer> layer, String key, INDArray array) {}

  private transient List<Kept> kept;

  PositiveValues(PositiveTransform transform) {
    super(transform);
  }

  @JsonCreator
  private PositiveValues(
      @JsonProperty("family") PositiveTransform.Family family,
      @JsonProperty("parameter") double parameter,
      @JsonProperty("lowerBound") double lowerBound) {
    this(new PositiveTransform(family, parameter, lowerBound));
  }

  @Override
  public INDArray getParameter(
      Layer layer,
      String key,
      int iteration,
      int epoch,
      boolean train,
      LayerWorkspaceMgr workspaces) {
    INDArray raw = layer.getParam(key);
    BaseLayer configuration = (BaseLayer) layer.conf().getLayer();
    if (!configuration.initializer().isWeightParam(configuration, key)) {
      return raw;
    }
    requireDerivative(configuration, key);
    return train ? kept(layer, key, raw) : forNow(raw, workspaces);
  }

  /**
   * DL4J keeps what it gets in training mode until the next backward pass, even past an exception
   * on the way there: so it is no workspace's, but one array a layer and key, written anew.
   */
  @SuppressWarnings("try") // The scope is open for the block's sake.
  private synchronized INDArray kept(Layer layer, String key, INDArray raw) {
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      if (kept == null) {
        kept = new ArrayList<>();
      }
      kept.removeIf(values -> values.layer.get() == null);
      INDArray values =
          kept.stream()
              .filter(old -> old.layer.get() == layer && old.key.equals(key))
              .map(Kept::array)
              .filter(old -> old.dataType() == raw.dataType() && old.equalShapes(raw))
              .findFirst()
              .orElseGet(() -> newlyKept(layer, key, raw));
      PositiveTransforms.valueInto(raw, transform(), values);
      return values;
    }
  }

  private INDArray newlyKept(Layer layer, String key, INDArray raw) {
    kept.removeIf(old -> old.layer.get() == layer && old.key.equals(key));
    INDArray array = Nd4j.createUninitialized(raw.dataType(), raw.shape(), raw.ordering());
    kept.add(new Kept(new WeakReference<>(layer), key, array));
    return array;
  }

  /** For this forward pass only; DL4J has closed all workspaces for this call. */
  @SuppressWarnings("try") // The workspace is open for the block's sake.
  private INDArray forNow(INDArray raw, LayerWorkspaceMgr workspaces) {
    ArrayType type = ArrayType.FF_WORKING_MEM;
    if (workspaces == null
        || !workspaces.hasConfiguration(type)
        || !workspaces.isWorkspaceOpen(type)) {
      return PositiveTransforms.value(raw, transform());
    }
    try (MemoryWorkspace workspace = workspaces.notifyScopeBorrowed(type)) {
      return PositiveTransforms.value(raw, transform());
    }
  }

  /**
   * Networks saved before {@link PositiveLayers} existed have DL4J's own layers, whose
   * regularizations fine tuning may have replaced.
   */
  private void requireDerivative(BaseLayer configuration, String key) {
    List<Regularization> regularization = configuration.getRegularizationByParam(key);
    if (regularization == null
        || regularization.isEmpty()
        || !(regularization.get(0) instanceof PositiveDerivative derivative)
        || !derivative.equals(new PositiveDerivative(transform()))) {
      throw new IllegalStateException(
          "regularization of layer "
              + configuration.getLayerName()
              + " must begin with that of its positive weights, got "
              + regularization);
    }
    derivative.valuesAreRead();
  }

  @Override
  public PositiveValues clone() {
    return new PositiveValues(transform());
  }
}
