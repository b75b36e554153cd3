package org.stableops.djl.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;
import org.stableops.djl.internal.LinearCall;
import org.stableops.internal.Arguments;

/**
 * The last layer of a network with a large vocabulary, which is trained without its logits: from
 * hidden states (…, D) to what these are made of, hidden states (N, D), weight (V, D) and bias (V),
 *
 * <pre>logits = hidden · weightᵀ + bias.</pre>
 *
 * <p>{@link org.stableops.djl.loss.FusedLinearCrossEntropyLoss} makes the loss of the three, in
 * training and validation, and {@link org.stableops.djl.evaluator.Perplexity} and {@link
 * org.stableops.djl.evaluator.LinearAccuracy} evaluate them; DJL's own losses and evaluators would
 * take the hidden states for logits. To predict, hand what the network puts out to {@link
 * #topClasses} or {@link #logits}, in the Translator's {@code processOutput}.
 *
 * <p>The weight may be that of an embedding, of the same dtype and with as many columns as there
 * are hidden units (tied weights): it is then the embedding's to initialize, to freeze, to save and
 * to load, and gets the gradients of both. A weight of its own starts as that of DJL's Linear, the
 * bias with 0.
 *
 * <pre>{@code
 * SequentialBlock network =
 *     new SequentialBlock()
 *         .add(Linear.builder().setUnits(64).build())
 *         .add(LinearCrossEntropyHead.builder().setClasses(34000).build());
 * TrainingConfig config = new DefaultTrainingConfig(new FusedLinearCrossEntropyLoss());
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   network.initialize(manager, DataType.FLOAT32, new Shape(1, 32));
 *   NDList input = new NDList(manager.ones(new Shape(8, 32)));
 *   NDList output = network.forward(new ParameterStore(manager, false), input, false);
 *   NDArray five = LinearCrossEntropyHead.topClasses(output, 5);
 * }
 * }</pre>
 *
 * <p>Tied weights: O. Press, L. Wolf, Using the Output Embedding to Improve Language Models, EACL
 * 2017.
 *
 * @see org.stableops.djl.LinearCrossEntropy
 */
public final class LinearCrossEntropyHead extends AbstractBlock {
  private static final byte VERSION = 1;

  private final long classes;
  private final boolean isTied;
  private final Parameter weight;
  private final @Nullable Parameter bias;

  private LinearCrossEntropyHead(Builder builder) {
    super(VERSION);
    classes = builder.classes;
    isTied = builder.weight != null;
    weight =
        isTied
            ? builder.weight
            : addParameter(
                Parameter.builder().setName("weight").setType(Parameter.Type.WEIGHT).build());
    bias = builder.hasBias ? addParameter(bias(builder.biasInitializer)) : null;
  }

  private static Parameter bias(@Nullable Initializer initializer) {
    Parameter.Builder bias = Parameter.builder().setName("bias").setType(Parameter.Type.BIAS);
    return initializer == null ? bias.build() : bias.optInitializer(initializer).build();
  }

  /**
   * Returns a builder.
   *
   * @return a builder that needs {@code setClasses} or {@code setWeight}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the logits of what a network with a head puts out.
   *
   * @param outputs hidden states, weight and perhaps a bias
   * @return the logits of all N tokens, (N, V), outside any graph, of the hidden states' dtype and
   *     manager
   * @throws IllegalArgumentException if they are other arrays
   */
  public static NDArray logits(NDList outputs) {
    requireOutputs(outputs);
    return LinearCall.logits(outputs);
  }

  /**
   * Returns the best classes of what a network with a head puts out; the logits exist a piece at a
   * time.
   *
   * @param outputs hidden states, weight and perhaps a bias
   * @param k how many, from 1 to V
   * @return the classes of the k largest logits of each token, the largest first, (N, k) of int64,
   *     of the hidden states' manager
   * @throws IllegalArgumentException if they are other arrays, or k is out of range
   */
  public static NDArray topClasses(NDList outputs, int k) {
    requireOutputs(outputs);
    NDArray[] largest = LinearCall.largest(outputs, k);
    largest[0].close();
    return largest[1];
  }

  private static void requireOutputs(NDList outputs) {
    Arguments.requireGiven("outputs", outputs);
    if (outputs.size() != 2 && outputs.size() != 3) {
      throw new IllegalArgumentException(
          "outputs must be hidden states, weight and perhaps a bias, got "
              + outputs.size()
              + " arrays");
    }
  }

  long classes() {
    return classes;
  }

  boolean hasBias() {
    return bias != null;
  }

  boolean isTied() {
    return isTied;
  }

  @Override
  protected void prepare(Shape[] inputShapes) {
    long width = requireHidden(inputShapes);
    if (!isTied && !weight.isInitialized()) {
      weight.setShape(new Shape(classes, width));
    }
    if (bias != null && !bias.isInitialized()) {
      bias.setShape(new Shape(isTied ? tiedShape(weight).get(0) : classes));
    }
  }

  private static Shape tiedShape(Parameter weight) {
    Shape shape = weight.isInitialized() ? weight.getArray().getShape() : weight.getShape();
    if (shape == null || shape.dimension() != 2) {
      throw new IllegalArgumentException(
          "weight must be initialized, with shape (V, D), before the head that shares it, got "
              + shape);
    }
    return shape;
  }

  private static long requireHidden(Shape[] inputs) {
    if (inputs.length != 1 || inputs[0].dimension() < 1) {
      throw new IllegalArgumentException(
          "a head takes one array of hidden states, (…, D), got shapes "
              + java.util.Arrays.toString(inputs));
    }
    long width = inputs[0].get(inputs[0].dimension() - 1);
    if (width <= 0) {
      throw new IllegalArgumentException(
          "hidden shape must end with a known number of units, got " + inputs[0]);
    }
    return width;
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray x = inputs.singletonOrThrow();
    long width = requireHidden(new Shape[] {x.getShape()});
    NDArray hidden = x.getShape().dimension() == 2 ? x : x.reshape(-1, width);
    Device device = x.getDevice();
    NDArray w = store.getValue(weight, device, training);
    return bias == null
        ? new NDList(hidden, w)
        : new NDList(hidden, w, store.getValue(bias, device, training));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    long width = requireHidden(inputShapes);
    Shape input = inputShapes[0];
    Shape hidden =
        input.dimension() == 2
            ? input
            : new Shape(input.slice(0, input.dimension() - 1).size(), width);
    Shape ofWeight = isTied ? tiedShape(weight) : new Shape(classes, width);
    return bias == null
        ? new Shape[] {hidden, ofWeight}
        : new Shape[] {hidden, ofWeight, new Shape(ofWeight.get(0))};
  }

  @Override
  public String toString() {
    return "LinearCrossEntropyHead(%s, %s)"
        .formatted(isTied ? "tied" : "classes = " + classes, hasBias() ? "bias" : "no bias");
  }

  /** Builds a {@link LinearCrossEntropyHead}. */
  public static final class Builder {
    private long classes;
    private @Nullable Parameter weight;
    private boolean hasBias = true;
    private @Nullable Initializer biasInitializer;

    Builder() {}

    /**
     * Sets the number of classes of a head with a weight of its own.
     *
     * @param classes V, positive
     * @return this builder
     */
    public Builder setClasses(long classes) {
      this.classes = classes;
      return this;
    }

    /**
     * Sets a weight that another block has, such as that of an embedding.
     *
     * @param weight (V, D); that block initializes and saves it
     * @return this builder
     */
    public Builder setWeight(Parameter weight) {
      this.weight = Arguments.requireGiven("weight", weight);
      return this;
    }

    /**
     * Sets whether there is a bias, which there is otherwise.
     *
     * @param bias whether to add b
     * @return this builder
     */
    public Builder optBias(boolean bias) {
      this.hasBias = bias;
      return this;
    }

    /**
     * Sets what the bias starts with, such as the logarithms of the words' frequencies, with which
     * training need not learn these; 0 otherwise.
     *
     * @param initializer of a vector of V numbers
     * @return this builder
     */
    public Builder optBiasInitializer(Initializer initializer) {
      this.biasInitializer = Arguments.requireGiven("initializer", initializer);
      return this;
    }

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if there is neither a positive number of classes nor a
     *     weight, or there are both
     */
    public LinearCrossEntropyHead build() {
      if (weight == null && classes <= 0) {
        throw new IllegalArgumentException("classes must be > 0, got " + classes);
      }
      if (weight != null && classes != 0) {
        throw new IllegalArgumentException(
            "classes must not be set for a shared weight, which has them, got " + classes);
      }
      return new LinearCrossEntropyHead(this);
    }
  }
}
