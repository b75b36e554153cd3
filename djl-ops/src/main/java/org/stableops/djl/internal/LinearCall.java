package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.Blocks;
import org.stableops.internal.LinearShape;
import org.stableops.internal.SoftmaxShape;
import org.stableops.kernel.Elements;
import org.stableops.kernel.RowLosses;
import org.stableops.op.Derivative;
import org.stableops.op.LinearPieces;
import org.stableops.op.SoftmaxLoss;

/** One call of the linear cross-entropy with valid arguments. */
public final class LinearCall implements WeightedCall {
  private static final String NAME = "LinearCrossEntropy";

  /**
   * Elements of the weight's gradient that a product makes at once, beside those it is added to.
   */
  private static final long OF_WEIGHT = 1 << 18;

  /** The arguments, perhaps in a graph. */
  private final NDArray hidden;

  private final NDArray weight;
  private final NDArray bias;

  private final SoftmaxShape shape;
  private final CrossEntropyOptions options;
  private final LinearPieces pieces;

  private LinearCall(
      NDArray hidden,
      NDArray weight,
      NDArray bias,
      SoftmaxShape shape,
      CrossEntropyOptions options,
      LinearPieces pieces) {
    this.hidden = hidden;
    this.weight = weight;
    this.bias = bias;
    this.shape = shape;
    this.options = options;
    this.pieces = pieces;
  }

  /** Bias and sample weights may be null. */
  public static LinearCall of(
      NDArray hidden,
      NDArray weight,
      NDArray bias,
      NDArray labels,
      NDArray sampleWeights,
      CrossEntropyOptions options) {
    SoftmaxShape shape = shape(hidden, weight, bias, options);
    Inputs.requireNumbers("labels", labels);
    shape.requireLabels(labels.getShape().getShape());
    double[] weights =
        sampleWeights == null ? null : CrossEntropy.sampleWeights(sampleWeights, shape);
    long[] classes = CrossEntropy.classes(labels, weights, shape, options);
    LinearPieces pieces = LinearPieces.of(shape, classes, weights, options);
    return new LinearCall(hidden, weight, bias, shape, options, pieces);
  }

  /**
   * The call of what a LinearCrossEntropyHead puts out.
   *
   * @param outputs hidden states, weight and perhaps a bias
   * @param labels labels and perhaps sample weights, one per token in any shape
   */
  public static LinearCall ofBatch(NDList outputs, NDList labels, CrossEntropyOptions options) {
    return Scoped.compute(
        () -> {
          NDArray ofTokens = flat("labels", labels.get(0));
          NDArray weights = labels.size() > 1 ? flat("sampleWeights", labels.get(1)) : null;
          return of(outputs.get(0), outputs.get(1), bias(outputs), ofTokens, weights, options);
        },
        none -> new NDArray[0]);
  }

  /** The value as a Block. */
  public static Block block(CrossEntropyOptions options) {
    return new OpBlock(
            NAME,
            3,
            2,
            inputs -> ofInputs(inputs, options).value(),
            shapes ->
                options.reduction() == Reduction.NONE ? new Shape(shapes[0].get(0)) : new Shape())
        .describedBy(SoftmaxLoss.numbers(options));
  }

  /** The gradients as a Block. */
  public static Block gradientBlock(CrossEntropyOptions options) {
    return new OpBlock(
            NAME + "Gradient",
            (inputs, training) -> {
              LinearCrossEntropyGradients<NDArray> all =
                  ofInputs(inputs, options).valueAndGradients();
              all.loss().close();
              return all.bias() == null
                  ? new NDList(all.hidden(), all.weight())
                  : new NDList(all.hidden(), all.weight(), all.bias());
            },
            shapes -> Arrays.copyOf(shapes, shapes.length == 3 ? 2 : 3),
            3,
            2)
        .describedBy(SoftmaxLoss.numbers(options));
  }

  /** Of hidden states, weight, perhaps a bias, labels, and if that is there perhaps weights. */
  private static LinearCall ofInputs(NDList inputs, CrossEntropyOptions options) {
    boolean hasBias = inputs.size() > 3;
    return of(
        inputs.get(0),
        inputs.get(1),
        hasBias ? inputs.get(2) : null,
        inputs.get(hasBias ? 3 : 2),
        inputs.size() > 4 ? inputs.get(4) : null,
        options);
  }

  private static NDArray bias(NDList outputs) {
    return outputs.size() > 2 ? outputs.get(2) : null;
  }

  private static NDArray flat(String name, NDArray array) {
    Inputs.requireOpen(name, array);
    return array.reshape(-1);
  }

  /** The shape of the logits, after a look at what they are made of. */
  private static SoftmaxShape shape(
      NDArray hidden, NDArray weight, NDArray bias, CrossEntropyOptions options) {
    Inputs.requireFloating("hidden", hidden);
    Inputs.requireOfType("weight", weight, "hidden", hidden);
    if (bias != null) {
      Inputs.requireOfType("bias", bias, "hidden", hidden);
    }
    return LinearShape.of(
        hidden.getShape().getShape(),
        weight.getShape().getShape(),
        bias == null ? null : bias.getShape().getShape(),
        options);
  }

  /** The logits of what a head puts out, [N, V]. */
  public static NDArray logits(NDList outputs) {
    NDArray hidden = outputs.get(0);
    NDArray weight = outputs.get(1);
    NDArray bias = bias(outputs);
    shape(hidden, weight, bias, CrossEntropyOptions.DEFAULT);
    return Scoped.compute(
        () -> linear(wide(hidden), wide(weight), wide(bias)).toType(hidden.getDataType(), false));
  }

  /**
   * The largest logits of each token of what a head puts out, the largest first, and their classes:
   * two arrays of [N, k].
   */
  public static NDArray[] largest(NDList outputs, int k) {
    NDArray hidden = outputs.get(0);
    NDArray weight = outputs.get(1);
    NDArray bias = bias(outputs);
    SoftmaxShape shape = shape(hidden, weight, bias, CrossEntropyOptions.DEFAULT);
    if (k < 1 || k > shape.classes()) {
      throw new IllegalArgumentException(
          "k must be in [1, %d], got %d".formatted(shape.classes(), k));
    }
    return Scoped.compute(
        () -> {
          if (shape.rows() == 0) {
            NDManager manager = hidden.getManager();
            Shape none = new Shape(0, k);
            return new NDArray[] {
              manager.create(none, hidden.getDataType()), manager.create(none, DataType.INT64)
            };
          }
          NDArray h = wide(hidden);
          NDArray w = wide(weight);
          NDArray b = wide(bias);
          return Slices.compute(
              shape.rows(),
              shape.classes(),
              LinearPieces.elements(shape.classes(), bytes(hidden)),
              (from, to) -> {
                PtNDArray logits = (PtNDArray) linear(Slices.of(h, from, to), w, b);
                return JniUtils.topK(logits, k, 1, true, true).toArray(new NDArray[0]);
              });
        },
        both -> both);
  }

  /** Outside any graph, in float32 for float16. */
  private static NDArray wide(NDArray array) {
    return array == null
        ? null
        : Autograd.detached(array).toType(Halves.wideType(array.getDataType()), false);
  }

  private static NDArray linear(NDArray hidden, NDArray weight, NDArray bias) {
    return bias == null
        ? hidden.matMul(weight.transpose())
        : JniUtils.linear((PtNDArray) hidden, (PtNDArray) weight, (PtNDArray) bias);
  }

  @Override
  public LossCall.Weighted weighted() {
    return Scoped.compute(
        () -> new LossCall.Weighted(inGraph(), pieces.weight()),
        weighted -> new NDArray[] {weighted.value()});
  }

  public NDArray value() {
    return weighted().value();
  }

  /** The sum of the losses outside any graph, or what is their mean. */
  public double sum() {
    double[] losses = Scoped.compute(() -> new Pass().losses, none -> new NDArray[0]);
    return LinearPieces.reduced(losses, Reduction.SUM)[0];
  }

  /** What MEAN divides by. */
  public double weight() {
    return pieces.weight();
  }

  /** What each token weighs, 0 where it does not count. */
  public double[] tokenWeights() {
    return pieces.counts();
  }

  /** Losses and gradients outside any graph. */
  public LinearCrossEntropyGradients<NDArray> valueAndGradients() {
    return Scoped.compute(
        () -> {
          Pass pass = new Pass(true, true, bias != null);
          LinearCrossEntropyDirection<NDArray> parts = pass.parts();
          return new LinearCrossEntropyGradients<>(
              pass.loss(), parts.hidden(), parts.weight(), parts.bias());
        },
        all -> given(all.loss(), all.hidden(), all.weight(), all.bias()));
  }

  /** The product of the Gauss–Newton matrix and a direction outside any graph. */
  public LinearCrossEntropyDirection<NDArray> gaussNewtonProduct(
      LinearCrossEntropyDirection<NDArray> v) {
    requireDirection(v);
    return Scoped.compute(
        () -> new Pass(v).parts(), all -> given(all.hidden(), all.weight(), all.bias()));
  }

  private void requireDirection(LinearCrossEntropyDirection<NDArray> v) {
    Arguments.requireGiven("v", v);
    requireLikeIfGiven("v.hidden", v.hidden(), "hidden", hidden);
    requireLikeIfGiven("v.weight", v.weight(), "weight", weight);
    if (bias == null && v.bias() != null) {
      throw new IllegalArgumentException(
          "v.bias must be null without a bias, got an array of shape " + v.bias().getShape());
    }
    requireLikeIfGiven("v.bias", v.bias(), "bias", bias);
  }

  private static void requireLikeIfGiven(String name, NDArray part, String of, NDArray argument) {
    if (part != null) {
      Inputs.requireLike(name, part, of, argument);
    }
  }

  private static NDArray[] given(NDArray... arrays) {
    return Stream.of(arrays).filter(Objects::nonNull).toArray(NDArray[]::new);
  }

  private NDArray rounded(NDArray wide) {
    return wide.toType(hidden.getDataType(), false);
  }

  private NDArray inGraph() {
    boolean wantsHidden = Autograd.wantsGradient(hidden);
    boolean wantsWeight = Autograd.wantsGradient(weight);
    boolean wantsBias = bias != null && Autograd.wantsGradient(bias);
    boolean isReduced = options.reduction() != Reduction.NONE;
    if (wantsHidden || wantsWeight || wantsBias) {
      Taylor.requireOff(NAME);
    }
    if (!isReduced && (wantsWeight || wantsBias)) {
      return new Rows().losses();
    }
    Pass pass = new Pass(wantsHidden, wantsWeight, wantsBias);
    if (!wantsHidden && !wantsWeight && !wantsBias) {
      return pass.loss();
    }
    return isReduced ? pass.reduced() : Autograd.rows(hidden, 1, pass.loss(), pass.ofHidden());
  }

  /** What a logit takes: beside it, composites have an array for its gradient. */
  private static int bytes(NDArray hidden) {
    int ofLogit = Halves.wideType(hidden.getDataType()).getNumOfBytes();
    return Fused.reaches(hidden) ? ofLogit : 2 * ofLogit;
  }

  private NDManager manager() {
    return hidden.getManager();
  }

  private DataType wideType() {
    return Halves.wideType(hidden.getDataType());
  }

  private NDArray zeros(Shape of) {
    return manager().zeros(of, wideType(), hidden.getDevice());
  }

  /** Tokens that count, from one number to below another. */
  private NDArray tokens(NDArray rows, int from, int to) {
    return pieces.isWhole() ? Slices.of(rows, from, to) : picked(rows, pieces.places(from, to));
  }

  private NDArray picked(NDArray rows, int[] places) {
    NDArray index = manager().create(places).toDevice(hidden.getDevice(), false);
    return rows.get(new NDIndex("{}", index.toType(DataType.INT64, false)));
  }

  /** Rows of tokens that count as rows of all, 0 for the others. */
  private NDArray spread(NDArray rows) {
    if (pieces.isWhole()) {
      return rows;
    }
    long[] one = rows.getShape().getShape().clone();
    one[0] = 1;
    return picked(rows.concat(zeros(new Shape(one)), 0), pieces.positions());
  }

  private NDArray loss(double[] losses) {
    double[] reduced = LinearPieces.reduced(losses, options.reduction());
    Shape of = options.reduction() == Reduction.NONE ? new Shape(losses.length) : new Shape();
    return FusedLosses.array(reduced, of, hidden);
  }

  /**
   * What is computed of logits.
   *
   * @param losses of their tokens, if the derivative is of first order
   * @param derivative if it is wanted, in the memory of logits or v, or its own
   */
  private record Piece(double[] losses, NDArray derivative) {}

  /** Takes a v like the logits for the product of the Hessian and it, or null for the gradient. */
  private Piece piece(
      NDArray logits, NDArray v, long[] labels, double[] scales, boolean wantsDerivative) {
    CrossEntropyOptions sum = options.withAxis(-1).withReduction(Reduction.SUM);
    Derivative<NDArray> derivative =
        v == null ? Derivative.gradient() : Derivative.hessianVectorProduct(v);
    if (Fused.accepts(logits)) {
      Elements z = Fused.elements(logits);
      // The kernel must know z as what it overwrites.
      Elements out = v == null ? z : Fused.elements(v);
      RowLosses rows =
          Derivative.sparse(
              derivative.with(Fused::elements),
              z,
              Math.toIntExact(shape.classes()),
              labels,
              scales,
              sum,
              wantsDerivative ? out : null);
      return new Piece(rows.losses(), v == null ? logits : v);
    }
    SoftmaxShape ofPiece = SoftmaxShape.of(logits.getShape().getShape(), sum);
    CompositeCrossEntropy composite =
        new CompositeCrossEntropy(logits, ofPiece, sum, scales, derivative);
    composite.setLabels(null, labels);
    NDArray[] results = composite.compute(wantsDerivative, false);
    NDArray losses = results[CompositeCrossEntropy.LOSSES];
    return new Piece(
        losses == null ? new double[labels.length] : losses.toDoubleArray(),
        results[CompositeCrossEntropy.GRADIENT]);
  }

  /** Parts of a direction outside any graph, of which each may be null for 0. */
  private record Direction(NDArray hidden, NDArray weight, NDArray bias) {
    static Direction of(LinearCrossEntropyDirection<NDArray> v) {
      return new Direction(wide(v.hidden()), wide(v.weight()), wide(v.bias()));
    }
  }

  /** All pieces outside the graph, and the gradients that are wanted, or what stands for them. */
  private final class Pass {
    private final NDArray h = wide(hidden);
    private final NDArray w = wide(weight);
    private final NDArray b = wide(bias);

    /** What the Gauss–Newton matrix is multiplied by, or null for gradients. */
    private final Direction direction;

    /** Those of the tokens that count. */
    private final NDArray ofTokens;

    private final NDArray ofWeight;
    private final NDArray ofBias;
    private final double[] losses;

    /** The losses alone. */
    Pass() {
      this(false, false, false);
    }

    Pass(boolean wantsHidden, boolean wantsWeight, boolean wantsBias) {
      this(wantsHidden, wantsWeight, wantsBias, null);
    }

    /** The product with a direction, without losses. */
    Pass(LinearCrossEntropyDirection<NDArray> v) {
      this(true, true, bias != null, Direction.of(v));
    }

    private Pass(boolean wantsHidden, boolean wantsWeight, boolean wantsBias, Direction direction) {
      this.direction = direction;
      Shape ofCounted = new Shape(pieces.count(), hidden.getShape().get(1));
      ofTokens = wantsHidden ? manager().create(ofCounted, wideType(), hidden.getDevice()) : null;
      ofWeight = wantsWeight ? sums(weight.getShape()) : null;
      ofBias = wantsBias ? zeros(bias.getShape()) : null;
      int beside = direction == null ? 0 : wideType().getNumOfBytes();
      losses = pieces.losses(bytes(hidden) + beside, this::add);
    }

    /** What the first piece overwrites, if there is one. */
    private NDArray sums(Shape of) {
      return pieces.count() == 0 ? zeros(of) : manager().create(of, wideType(), hidden.getDevice());
    }

    private double[] add(int from, int to, long[] labels, double[] scales) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray rows = tokens(h, from, to);
        NDArray v = direction == null ? null : slopes(rows, from, to);
        boolean wantsDerivative = ofTokens != null || ofWeight != null || ofBias != null;
        Piece piece = piece(linear(rows, w, b), v, labels, scales, wantsDerivative);
        if (ofTokens != null) {
          Slices.write(ofTokens, from, piece.derivative.matMul(w));
        }
        if (ofWeight != null) {
          addToWeight(piece.derivative, rows, from == 0);
        }
        if (ofBias != null) {
          ofBias.addi(piece.derivative.sum(new int[] {0}));
        }
        return piece.losses;
      }
    }

    /** How the logits of a piece change along the direction, made before they are. */
    private NDArray slopes(NDArray rows, int from, int to) {
      NDArray slopes = slopesOfParameters(rows);
      if (direction.hidden != null) {
        try (NDArray ofHidden = linear(tokens(direction.hidden, from, to), w, null)) {
          slopes.addi(ofHidden);
        }
      }
      return slopes;
    }

    private NDArray slopesOfParameters(NDArray rows) {
      if (direction.weight != null) {
        return linear(rows, direction.weight, direction.bias);
      }
      NDArray slopes = zeros(new Shape(rows.getShape().get(0), shape.classes()));
      return direction.bias == null ? slopes : slopes.addi(direction.bias);
    }

    /** By some classes at a time: libtorch can add to a product, but DJL cannot ask it to. */
    private void addToWeight(NDArray gradient, NDArray rows, boolean isFirst) {
      Blocks.forEach(
          shape.classes(),
          rows.getShape().get(1),
          OF_WEIGHT,
          (from, to) -> {
            try (NDScope scope = new NDScope()) {
              scope.suppressNotUsedWarning();
              NDArray ofClasses = JniUtils.slice((PtNDArray) gradient, 1, from, to, 1);
              NDArray product = ofClasses.transpose().matMul(rows);
              if (isFirst) {
                Slices.write(ofWeight, from, product);
              } else {
                Slices.of(ofWeight, from, to).addi(product);
              }
            }
          });
    }

    /** The gradients, or the product, in the dtype of the arguments. */
    LinearCrossEntropyDirection<NDArray> parts() {
      return new LinearCrossEntropyDirection<>(
          rounded(ofHidden()), rounded(ofWeight), ofBias == null ? null : rounded(ofBias));
    }

    NDArray ofHidden() {
      return spread(ofTokens);
    }

    NDArray loss() {
      return LinearCall.this.loss(losses);
    }

    /** The reduced loss in the graph. */
    NDArray reduced() {
      List<NDArray> arguments = new ArrayList<>();
      List<NDArray> gradients = new ArrayList<>();
      if (ofWeight != null) {
        arguments.add(weight.reshape(-1));
        gradients.add(ofWeight.reshape(-1));
      }
      if (ofBias != null) {
        arguments.add(bias.reshape(-1));
        gradients.add(ofBias);
      }
      // The last, for its backward frees the graph, which is that of the network.
      if (ofTokens != null) {
        arguments.add(hidden.reshape(-1));
        gradients.add(ofHidden().reshape(-1));
      }
      // It would be beside the weight, which may outlive many batches.
      NDArray scalar = Scoped.beside(hidden, Autograd.scalar(arguments, gradients));
      Autograd.overwrite(scalar, loss());
      SeedingCollector.remember(scalar, arguments, gradients);
      return scalar;
    }
  }

  /**
   * All pieces in the graph. As each token may get an upstream gradient of its own, the gradients
   * to weight and bias are products that backward makes, of the gradient to the logits: this is
   * kept.
   */
  private final class Rows {
    private final NDArray h = Halves.widened(hidden);
    private final NDArray w = Halves.widened(weight);
    private final NDArray b = bias == null ? null : Halves.widened(bias);
    private final List<NDArray> nodes = new ArrayList<>();

    NDArray losses() {
      double[] losses = pieces.losses(bytes(hidden), this::add);
      if (pieces.count() == 0) {
        // No logits, but in the graph: backward finds it, and gradients of 0.
        nodes.add(linear(tokens(h, 0, 0), w, b).sum(new int[] {1}));
      }
      nodes.add(zeros(new Shape(1)));
      NDArray counted = NDArrays.concat(new NDList(nodes));
      NDArray node = Halves.rounded(picked(counted, pieces.positions()), hidden.getDataType());
      Autograd.overwrite(node, loss(losses));
      return node;
    }

    private double[] add(int from, int to, long[] labels, double[] scales) {
      NDArray logits = linear(tokens(h, from, to), w, b);
      // The memory of the logits, which backward does not read, becomes that of their gradient.
      Piece piece = piece(logits.stopGradient(), null, labels, scales, true);
      try (NDArray product = logits.mul(piece.derivative)) {
        nodes.add(product.sum(new int[] {1}));
      }
      return piece.losses;
    }
  }
}
