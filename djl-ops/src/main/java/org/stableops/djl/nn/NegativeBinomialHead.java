package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The last layer of a network for counts that vary more than Poisson ones: a linear layer, and an
 * inverse dispersion θ for each of its outputs, which is trained with it,
 *
 * <pre>raw = x Wᵀ + b,   θ &gt; 0.</pre>
 *
 * <p>From x of shape (…, features) to two arrays of the model's dtype, float16, float32 or float64:
 * raw values of shape (…, units), of which {@link org.stableops.djl.loss.FusedNegativeBinomialLoss}
 * makes the means, and θ of shape (units), a {@link PositiveParameter} that is 1 at the start. W
 * and b start as those of DJL's Linear. Where θ is large, it learns faster by {@link
 * org.stableops.PositiveTransform#exp} than by softplus, the default.
 *
 * <pre>{@code
 * SequentialBlock network =
 *     new SequentialBlock()
 *         .add(Linear.builder().setUnits(64).build())
 *         .add(Squareplus.block())
 *         .add(NegativeBinomialHead.builder().setUnits(1).build());
 * TrainingConfig config = new DefaultTrainingConfig(new FusedNegativeBinomialLoss());
 * }</pre>
 *
 * @see org.stableops.djl.NegativeBinomialLoss
 */
public final class NegativeBinomialHead extends AbstractBlock {
  private static final byte VERSION = 1;

  private final long units;
  private final boolean hasBias;
  private final Linear raw;
  private final PositiveParameter inverseDispersion;

  private NegativeBinomialHead(Builder builder) {
    super(VERSION);
    units = builder.units;
    hasBias = builder.bias;
    raw = addChildBlock("raw", Linear.builder().setUnits(units).optBias(hasBias).build());
    inverseDispersion =
        addChildBlock(
            "inverseDispersion",
            builder.parameter("rawInverseDispersion", new Shape(units), ConstantInitializer.of(1)));
  }

  /**
   * Returns a builder.
   *
   * @return a builder that needs {@code setUnits}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the inverse dispersions, to be read or set.
   *
   * @return θ, of shape (units)
   */
  public PositiveParameter inverseDispersion() {
    return inverseDispersion;
  }

  long units() {
    return units;
  }

  boolean hasBias() {
    return hasBias;
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputShapes) {
    requireOne(inputShapes.length);
    requireFeatures(inputShapes[0]);
    // First what refuses dtypes.
    inverseDispersion.initialize(manager, type, inputShapes);
    raw.initialize(manager, type, inputShapes);
  }

  private static void requireFeatures(Shape x) {
    if (x.isScalar() || x.get(x.dimension() - 1) < 0) {
      throw new IllegalArgumentException(
          "x shape must end with a known number of features, got " + x);
    }
  }

  private static void requireOne(int arrays) {
    if (arrays != 1) {
      throw new IllegalArgumentException("NegativeBinomialHead takes 1 array, got " + arrays);
    }
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    requireOne(inputs.size());
    NDArray ofRaw = raw.forward(store, inputs, training, params).head();
    return new NDList(ofRaw, inverseDispersion.value(store, ofRaw, training));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    requireOne(inputShapes.length);
    return new Shape[] {raw.getOutputShapes(inputShapes)[0], new Shape(units)};
  }

  /** What a file must agree with, so that one of another head changes nothing. */
  private String structure() {
    return "NegativeBinomialHead(units = %d, %s".formatted(units, hasBias ? "bias" : "no bias");
  }

  @Override
  protected void saveMetadata(DataOutputStream os) throws IOException {
    super.saveMetadata(os);
    os.writeUTF(structure());
  }

  @Override
  protected void loadMetadata(byte version, DataInputStream is)
      throws IOException, MalformedModelException {
    Shape[] before = inputShapes;
    super.loadMetadata(version, is);
    String saved = is.readUTF();
    if (!saved.equals(structure())) {
      inputShapes = before;
      throw new MalformedModelException(
          "%s) cannot be read: the file has %s)".formatted(structure(), saved));
    }
  }

  @Override
  public String toString() {
    return "%s, %s)".formatted(structure(), inverseDispersion.transform());
  }

  /** Builds a {@link NegativeBinomialHead}; transform and values to start with are those of θ. */
  public static final class Builder extends PositiveBuilder<Builder> {
    private long units;
    private boolean bias = true;

    Builder() {}

    /**
     * Sets the number of outputs.
     *
     * @param units positive
     * @return this builder
     */
    public Builder setUnits(long units) {
      this.units = units;
      return this;
    }

    /**
     * Sets whether there is a bias, which there is otherwise.
     *
     * @param bias whether to add b
     * @return this builder
     */
    public Builder optBias(boolean bias) {
      this.bias = bias;
      return this;
    }

    /**
     * Builds it.
     *
     * @return a block that is not initialized yet
     * @throws IllegalArgumentException if units is not positive, or a value to start with is not
     *     finite or not above the transform's lower bound
     */
    public NegativeBinomialHead build() {
      if (units <= 0) {
        throw new IllegalArgumentException("units must be > 0, got " + units);
      }
      return new NegativeBinomialHead(this);
    }

    @Override
    Builder self() {
      return this;
    }
  }
}
