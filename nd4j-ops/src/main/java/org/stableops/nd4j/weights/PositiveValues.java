package org.stableops.nd4j.weights;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonCreator;
import org.nd4j.shade.jackson.annotation.JsonProperty;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.PositiveTransforms;

/** The layer's view of its raw weights: by the hook for noise it gets their values instead. */
final class PositiveValues extends Reparameterization implements IWeightNoise {
  private static final long serialVersionUID = 1;

  /** DL4J's workspace that is open until the backward pass is over. */
  private static final String UNTIL_BACKWARD = "WS_ALL_LAYERS_ACT";

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
    requireDerivative(configuration);
    return train ? toKeep(raw, workspaces) : valueIn(ArrayType.FF_WORKING_MEM, raw, workspaces);
  }

  /**
   * DL4J keeps what it gets in training mode until the next backward pass, so that it must not be
   * in a workspace which is gone by then.
   */
  private INDArray toKeep(INDArray raw, LayerWorkspaceMgr workspaces) {
    return workspaces != null && UNTIL_BACKWARD.equals(workspaces.getWorkspaceName(ArrayType.INPUT))
        ? valueIn(ArrayType.INPUT, raw, workspaces)
        : PositiveTransforms.value(raw, transform());
  }

  /** DL4J has closed all workspaces for this call. */
  @SuppressWarnings("try") // The workspace is open for the block's sake.
  private INDArray valueIn(ArrayType type, INDArray raw, LayerWorkspaceMgr workspaces) {
    if (workspaces == null
        || !workspaces.hasConfiguration(type)
        || !workspaces.isWorkspaceOpen(type)) {
      return PositiveTransforms.value(raw, transform());
    }
    try (MemoryWorkspace workspace = workspaces.notifyScopeBorrowed(type)) {
      return PositiveTransforms.value(raw, transform());
    }
  }

  /** Fine tuning may have replaced the regularizations since the layer was made. */
  private void requireDerivative(BaseLayer configuration) {
    List<Regularization> regularization = configuration.getRegularization();
    if (regularization == null
        || regularization.isEmpty()
        || !regularization.get(0).equals(new PositiveDerivative(transform()))) {
      throw new IllegalStateException(
          "regularization of layer "
              + configuration.getLayerName()
              + " must begin with that of its positive weights, got "
              + regularization);
    }
  }

  @Override
  public PositiveValues clone() {
    return new PositiveValues(transform());
  }
}
