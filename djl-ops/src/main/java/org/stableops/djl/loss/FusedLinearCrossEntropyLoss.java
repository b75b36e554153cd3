package org.stableops.djl.loss;

import ai.djl.ndarray.NDList;
import java.util.List;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.internal.LinearCall;
import org.stableops.djl.nn.LinearCrossEntropyHead;
import org.stableops.internal.Arguments;

/**
 * Softmax cross-entropy of a large vocabulary as a DJL Loss, {@link LinearCrossEntropy}: for a
 * network that ends with a {@link LinearCrossEntropyHead}, whose logits never exist at once.
 *
 * <p>Integer labels, of any dtype, have the shape of the hidden states without the last axis, such
 * as (batch, time); any other of as many elements does. After {@link #withSampleWeights} there are
 * two arrays of labels: the labels, and the weight of each token or a mask. As an evaluator it
 * averages, over the batches, the sum of the loss array, as DJL's own losses do.
 *
 * <p>Give each loss of a model a name of its own: DJL's metrics and evaluators are kept by name. Of
 * DJL's own evaluators none is right here, for they take the head's first array for logits: use
 * {@link org.stableops.djl.evaluator.LinearAccuracy} and {@link
 * org.stableops.djl.evaluator.Perplexity}.
 *
 * <pre>{@code
 * Block network =
 *     new SequentialBlock()
 *         .add(Linear.builder().setUnits(64).build())
 *         .add(LinearCrossEntropyHead.builder().setClasses(34000).build());
 * Loss loss = new FusedLinearCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withIgnoreIndex(0));
 * }</pre>
 */
public final class FusedLinearCrossEntropyLoss extends OperatorLoss {
  private static final String NAME = "FusedLinearCrossEntropyLoss";

  private final CrossEntropyOptions options;

  /** Creates the loss with the default options. */
  public FusedLinearCrossEntropyLoss() {
    this(CrossEntropyOptions.DEFAULT);
  }

  /**
   * Creates the loss.
   *
   * @param options any whose class axis is the last
   * @throws IllegalArgumentException if the options are null
   */
  public FusedLinearCrossEntropyLoss(CrossEntropyOptions options) {
    this(NAME, options);
  }

  /**
   * Creates the loss with a name of its own.
   *
   * @param name under which DJL keeps the history of the loss
   * @param options any whose class axis is the last
   * @throws IllegalArgumentException if an argument is null
   */
  public FusedLinearCrossEntropyLoss(String name, CrossEntropyOptions options) {
    this(name, options, false, 1);
  }

  private FusedLinearCrossEntropyLoss(
      String name, CrossEntropyOptions options, boolean hasSampleWeights, float weight) {
    super(name, hasSampleWeights, weight);
    this.options = Arguments.requireGiven("options", options);
  }

  /**
   * Returns a loss like this one that takes a second array of labels: the weight of each token, in
   * numbers or booleans. Tokens of weight 0 count nothing, are never read and cost nothing.
   *
   * @return a new loss of the same name
   */
  public FusedLinearCrossEntropyLoss withSampleWeights() {
    return new FusedLinearCrossEntropyLoss(getName(), options, true, weight());
  }

  /**
   * Returns a loss like this one times a number, for a composite of several losses.
   *
   * @param newWeight what the loss is multiplied by
   * @return a new loss of the same name
   * @throws IllegalArgumentException if the weight is not finite
   */
  public FusedLinearCrossEntropyLoss withWeight(float newWeight) {
    requireFinite(newWeight);
    return new FusedLinearCrossEntropyLoss(getName(), options, takesSampleWeights(), newWeight);
  }

  /**
   * Returns the options.
   *
   * @return those of the constructor
   */
  public CrossEntropyOptions options() {
    return options;
  }

  @Override
  List<String> arguments() {
    return List.of("hidden", "weight");
  }

  @Override
  boolean takesOutputs(int arrays) {
    return arrays == 2 || arrays == 3;
  }

  @Override
  String outputs() {
    return "hidden states, weight and perhaps a bias, as of a LinearCrossEntropyHead";
  }

  @Override
  LinearCall call(NDList predictions, NDList labels) {
    return LinearCall.ofBatch(predictions, labels, options);
  }
}
