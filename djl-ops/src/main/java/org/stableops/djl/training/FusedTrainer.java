package org.stableops.djl.training;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.UninitializedParameterException;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingConfig;
import ai.djl.training.listener.TrainingListener;
import java.util.Arrays;
import java.util.List;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.internal.TakesLogits;

/**
 * A Trainer under which the gradient of a cross-entropy enters backward at the logits, without a
 * product: {@link SeededLosses} says how, and what a loss then may be. It takes the place of {@code
 * model.newTrainer(config)}, with EasyTrain and without.
 *
 * <p>Trained parameters are bit-identical to those of DJL's Trainer if the target is a loss or a
 * sum of losses of this library. A target with other terms that depend on the parameters through
 * the same network is right, but walks it a second time: for such, DJL's Trainer may be faster.
 *
 * <p>The first step of DJL's Trainer refuses gradients that are all 0, and float64. This one takes
 * both, and refuses only to step where no gradient has been computed.
 *
 * <pre>{@code
 * try (Model model = Model.newInstance("classifier")) {
 *   model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(10).build()));
 *   TrainingConfig config = new DefaultTrainingConfig(new FusedSoftmaxCrossEntropyLoss());
 *   try (Trainer trainer = new FusedTrainer(model, config)) {
 *     trainer.initialize(new Shape(32, 64));
 *     // EasyTrain.fit(trainer, epochs, trainingSet, validationSet);
 *   }
 * }
 * }</pre>
 */
public final class FusedTrainer extends Trainer {
  /** The stock Trainer's own, which it does not share, is updated only past its check. */
  private final ParameterStore parameters;

  /** Any thread may call backward. */
  private volatile boolean hasBackward;

  private boolean hasStepped;

  /**
   * Creates a trainer, and prepares the model as {@code newTrainer} does: sets the config's
   * initializers, and unfreezes the parameters of a model that was loaded.
   *
   * @param model a model with a block
   * @param config as for {@code newTrainer}
   * @throws IllegalStateException if the model has no block
   */
  public FusedTrainer(Model model, TrainingConfig config) {
    this(model, config, withoutListeners(config));
  }

  private FusedTrainer(Model model, TrainingConfig config, DefaultTrainingConfig silent) {
    super(prepared(model, silent), silent);
    parameters = new ParameterStore(getManager(), false);
    parameters.setParameterServer(
        getManager().getEngine().newParameterServer(config.getOptimizer()), getDevices());
    // Late, for a listener may use the trainer at once.
    silent.addTrainingListeners(config.getTrainingListeners().toArray(TrainingListener[]::new));
    notifyListeners(listener -> listener.onTrainingBegin(this));
  }

  private static DefaultTrainingConfig withoutListeners(TrainingConfig config) {
    DefaultTrainingConfig silent =
        new DefaultTrainingConfig(config.getLossFunction())
            .optDevices(config.getDevices())
            .optOptimizer(config.getOptimizer())
            .optExecutorService(config.getExecutorService())
            .addEvaluators(config.getEvaluators());
    silent.getInitializers().addAll(config.getInitializers());
    return silent;
  }

  /** Only the model knows whether it was loaded, and what follows from that. */
  private static Model prepared(Model model, TrainingConfig silent) {
    model.newTrainer(silent).close();
    return model;
  }

  /**
   * Initializes the network.
   *
   * @param shapes of its inputs
   * @throws IllegalArgumentException if its output cannot be what a loss of this library takes: a
   *     single class for a softmax, class weights or positive weights of another number, or one
   *     array for a loss that takes several
   */
  @Override
  public void initialize(Shape... shapes) {
    Model model = getModel();
    model.getBlock().initialize(model.getNDManager(), model.getDataType(), shapes);
    if (getLoss() instanceof TakesLogits loss) {
      requireLogits(loss, model.getBlock(), shapes);
    }
    model.getBlock().getParameters().forEach(pair -> mirror(pair.getKey(), pair.getValue()));
  }

  /** The first batch tells of networks whose outputs are not known for sure. */
  private static void requireLogits(TakesLogits loss, Block block, Shape... inputs) {
    if (endsInLayerOfDjl(block)) {
      Shape[] outputs = block.getOutputShapes(inputs);
      if (Arrays.stream(outputs).allMatch(FusedTrainer::isKnown)) {
        loss.requireOutputs(outputs);
      }
    }
  }

  /**
   * Nobody else asks a user's own block at the end of a network for its outputs, so it may tell
   * anything.
   */
  private static boolean endsInLayerOfDjl(Block block) {
    if (block.getClass() == SequentialBlock.class && !block.getChildren().isEmpty()) {
      List<Block> children = block.getChildren().values();
      return endsInLayerOfDjl(children.get(children.size() - 1));
    }
    return block.getClass() == Linear.class || block instanceof Convolution;
  }

  private static boolean isKnown(Shape shape) {
    return Arrays.stream(shape.getShape()).allMatch(size -> size >= 0);
  }

  private void mirror(String name, Parameter parameter) {
    try {
      parameters.getValue(parameter, getDevices()[0], true);
    } catch (UninitializedParameterException e) {
      throw new IllegalStateException(
          "parameter " + name + " must be initialized by its block's initialize", e);
    }
  }

  @Override
  public NDList forward(NDList input) {
    long begin = System.nanoTime();
    try {
      return getModel().getBlock().forward(parameters, input, true);
    } finally {
      addMetric("forward", begin);
    }
  }

  @Override
  public NDList forward(NDList data, NDList labels) {
    long begin = System.nanoTime();
    try {
      return getModel().getBlock().forward(parameters, data, labels, null);
    } finally {
      addMetric("forward", begin);
    }
  }

  /**
   * Opens a collector on this thread under which losses are seeded.
   *
   * @return a collector as of {@link SeededLosses#newGradientCollector}
   * @throws IllegalStateException if any collector of the PyTorch engine is open
   */
  @Override
  public GradientCollector newGradientCollector() {
    return new Collector();
  }

  /**
   * Updates the parameters by their gradients, which may be all 0.
   *
   * @throws IllegalStateException if it is the first step and no gradient has been computed
   */
  @Override
  public void step() {
    if (!hasStepped) {
      requireGradients();
      hasStepped = true;
    }
    long begin = System.nanoTime();
    parameters.updateAllParameters();
    addMetric("step", begin);
  }

  /**
   * Gradients of 0 are a mistake where no backward of ours has been: they may be what an earlier
   * training of the model left.
   */
  private void requireGradients() {
    boolean isThere =
        getModel().getBlock().getParameters().values().stream()
            .filter(Parameter::requiresGradient)
            .anyMatch(this::hasGradient);
    if (!isThere) {
      throw new IllegalStateException(
          "no gradient has been computed: call backward of a gradient collector before step");
    }
  }

  private boolean hasGradient(Parameter parameter) {
    NDArray array = parameters.getValue(parameter, getDevices()[0], true);
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      // Null where there is none, unlike the array's getGradient.
      NDArray gradient = JniUtils.getGradient((PtNDArray) array);
      return gradient != null && (hasBackward || gradient.neq(0).any().getBoolean());
    }
  }

  @Override
  public void close() {
    parameters.sync();
    super.close();
  }

  /** Remembers that there was a backward. */
  private final class Collector implements GradientCollector {
    private final GradientCollector seeded = SeededLosses.newGradientCollector();

    @Override
    public void backward(NDArray target) {
      seeded.backward(target);
      hasBackward = true;
    }

    @Override
    public void zeroGradients() {
      seeded.zeroGradients();
    }

    @Override
    public void close() {
      seeded.close();
    }
  }
}
