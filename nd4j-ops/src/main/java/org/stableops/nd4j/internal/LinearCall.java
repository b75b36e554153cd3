package org.stableops.nd4j.internal;

import java.util.Arrays;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastCopyOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.internal.Arguments;
import org.stableops.internal.LinearShape;
import org.stableops.internal.Shapes;
import org.stableops.internal.SoftmaxShape;
import org.stableops.op.Derivative;
import org.stableops.op.LinearPieces;

/** One call of the linear cross-entropy with valid arguments. */
public final class LinearCall {
  /** The arguments with a gradient: hidden states, weight and bias. */
  private static final int OUTS = 3;

  private final INDArray hidden;
  private final INDArray weight;
  private final INDArray bias;
  private final CrossEntropyOptions options;
  private final LinearPieces pieces;

  private LinearCall(
      INDArray hidden,
      INDArray weight,
      INDArray bias,
      CrossEntropyOptions options,
      LinearPieces pieces) {
    this.hidden = hidden;
    this.weight = weight;
    this.bias = bias;
    this.options = options;
    this.pieces = pieces;
  }

  /** Bias and sample weights may be null. */
  public static LinearCall of(
      INDArray hidden,
      INDArray weight,
      INDArray bias,
      INDArray labels,
      INDArray sampleWeights,
      CrossEntropyOptions options) {
    Inputs.requireFloating("hidden", hidden);
    Inputs.requireOfType("weight", weight, "hidden", hidden);
    if (bias != null) {
      Inputs.requireOfType("bias", bias, "hidden", hidden);
    }
    SoftmaxShape shape =
        LinearShape.of(hidden.shape(), weight.shape(), bias == null ? null : bias.shape(), options);
    Inputs.requireNumbers("labels", labels);
    shape.requireLabels(labels.shape());
    double[] weights =
        sampleWeights == null ? null : CrossEntropy.sampleWeights(sampleWeights, shape);
    long[] classes = CrossEntropy.classes(labels, weights, shape, options);
    LinearPieces pieces = LinearPieces.of(shape, classes, weights, options);
    return new LinearCall(hidden, weight, bias, options, pieces);
  }

  public INDArray value() {
    return loss(losses());
  }

  /** The losses of the tokens, or what each adds to their mean. */
  @SuppressWarnings("try") // The scope is only entered and left.
  public double[] losses() {
    try (MemoryWorkspace none = outOfWorkspaces();
        Temporaries temporaries = new Temporaries()) {
      return new Pass(temporaries, new INDArray[OUTS], null).losses;
    }
  }

  /** The same call whose losses are multiplied: each by its own number, or all by one. */
  LinearCall times(double[] upstream) {
    return new LinearCall(hidden, weight, bias, options, pieces.times(upstream));
  }

  public LinearCrossEntropyGradients<INDArray> valueAndGradients() {
    return filled(
        outs ->
            new LinearCrossEntropyGradients<>(loss(into(outs, null)), outs[0], outs[1], outs[2]));
  }

  /** The product of the Gauss–Newton matrix and a direction. */
  public LinearCrossEntropyDirection<INDArray> gaussNewtonProduct(
      LinearCrossEntropyDirection<INDArray> v) {
    requireDirection(v);
    return filled(
        outs -> {
          into(outs, v);
          return new LinearCrossEntropyDirection<>(outs[0], outs[1], outs[2]);
        });
  }

  private void requireDirection(LinearCrossEntropyDirection<INDArray> v) {
    Arguments.requireGiven("v", v);
    requireLikeIfGiven("v.hidden", v.hidden(), "hidden", hidden);
    requireLikeIfGiven("v.weight", v.weight(), "weight", weight);
    if (bias == null && v.bias() != null) {
      throw new IllegalArgumentException(
          "v.bias must be null without a bias, got an array of shape "
              + Shapes.text(v.bias().shape()));
    }
    requireLikeIfGiven("v.bias", v.bias(), "bias", bias);
  }

  private static void requireLikeIfGiven(String name, INDArray part, String of, INDArray argument) {
    if (part != null) {
      Inputs.requireLike(name, part, of, argument);
    }
  }

  /** What a function makes of arrays like the arguments, null for no bias, which it fills. */
  private <T> T filled(Function<INDArray[], T> fill) {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray[] outs = {
        temporaries.keep(like(hidden)),
        temporaries.keep(like(weight)),
        bias == null ? null : temporaries.keep(like(bias))
      };
      T result = fill.apply(outs);
      for (INDArray out : outs) {
        temporaries.give(out);
      }
      return result;
    }
  }

  /** A workspace would keep what a piece needs until it is closed. */
  private static MemoryWorkspace outOfWorkspaces() {
    return Nd4j.getWorkspaceManager().scopeOutOfWorkspaces();
  }

  private static INDArray like(INDArray array) {
    return Nd4j.createUninitialized(array.dataType(), array.shape(), 'c');
  }

  /**
   * Writes gradients into arrays of the shapes and the dtype of the arguments, or null where one is
   * not wanted, and returns the losses.
   */
  public double[] gradientsInto(INDArray ofHidden, INDArray ofWeight, INDArray ofBias) {
    return into(new INDArray[] {ofHidden, ofWeight, ofBias}, null);
  }

  /** Writes gradients, or if v is not null the product of the Gauss–Newton matrix and v. */
  @SuppressWarnings("try")
  private double[] into(INDArray[] outs, LinearCrossEntropyDirection<INDArray> v) {
    try (MemoryWorkspace none = outOfWorkspaces();
        Temporaries temporaries = new Temporaries()) {
      INDArray[] sums = new INDArray[OUTS];
      Arrays.setAll(sums, i -> outs[i] == null ? null : sums(outs[i], temporaries));
      double[] losses = new Pass(temporaries, sums, v).losses;
      for (int i = 0; i < outs.length; i++) {
        if (sums[i] != outs[i]) {
          Primitives.assign(outs[i], sums[i]);
        }
      }
      return losses;
    }
  }

  /** The array itself where products can be added up in it. The first overwrites what is there. */
  private INDArray sums(INDArray out, Temporaries temporaries) {
    DataType type = Halves.wideType(out.dataType());
    INDArray sums =
        type == out.dataType() && Fused.isFlat(out)
            ? out
            : temporaries.keep(Nd4j.createUninitialized(type, out.shape(), 'c'));
    return pieces.count() == 0 ? sums.assign(0) : sums;
  }

  /**
   * What a logit takes with all beside it: what it changes by along a direction, and in composites
   * an array for its derivative.
   */
  private int bytes(boolean hasDirection) {
    int arrays = 1 + (hasDirection ? 1 : 0) + (Fused.reaches(hidden) ? 0 : 1);
    return arrays * Halves.wideType(hidden.dataType()).width();
  }

  private INDArray loss(double[] losses) {
    double[] reduced = LinearPieces.reduced(losses, options.reduction());
    long[] shape = options.reduction() == Reduction.NONE ? new long[] {losses.length} : new long[0];
    return AlongAxis.array(reduced, shape, hidden.dataType());
  }

  /** Parts of a direction, contiguous and wide, of which each may be null for 0. */
  private record Direction(INDArray hidden, INDArray weight, INDArray bias) {}

  /**
   * All pieces, and the gradients that are wanted, or what stands for them. Products are of the
   * form of BLAS.
   */
  private final class Pass {
    private final Temporaries temporaries;
    private final INDArray h;
    private final INDArray w;
    private final INDArray b;

    /** The logits of a piece, and then their gradient. */
    private final INDArray logits;

    /** What the Gauss–Newton matrix is multiplied by, or null for gradients. */
    private final Direction direction;

    /** How the logits of a piece change along it, and then the Hessian's product with that. */
    private final INDArray slopes;

    private final boolean wantsDerivative;

    /** Those of the tokens that count. */
    private final INDArray ofTokens;

    private final INDArray ofWeight;
    private final INDArray ofBias;
    private final double[] losses;

    /** Writes gradients, or with a v the product, into arrays for each argument, or null. */
    Pass(Temporaries temporaries, INDArray[] outs, LinearCrossEntropyDirection<INDArray> v) {
      this.temporaries = temporaries;
      INDArray ofHidden = outs[0];
      ofWeight = outs[1];
      ofBias = outs[2];
      h = contiguous(hidden);
      w = contiguous(weight);
      b = contiguous(bias);
      direction = v == null ? null : direction(v);
      int bytes = bytes(v != null);
      logits = array(pieces.most(bytes), weight.size(0));
      slopes = v == null ? null : array(logits.shape());
      wantsDerivative = ofHidden != null || ofWeight != null || ofBias != null;
      boolean isWhole = ofHidden == null || pieces.isWhole();
      // With a row of 0 behind them, for the tokens that do not count.
      ofTokens = isWhole ? ofHidden : array(pieces.count() + 1L, hidden.size(1));
      losses = pieces.losses(bytes, this::add);
      if (!isWhole) {
        Primitives.assign(
            ofHidden, temporaries.keep(Nd4j.pullRows(ofTokens, 1, pieces.positions())));
      }
    }

    private Direction direction(LinearCrossEntropyDirection<INDArray> v) {
      return new Direction(contiguous(v.hidden()), contiguous(v.weight()), contiguous(v.bias()));
    }

    private INDArray contiguous(INDArray array) {
      if (array == null) {
        return null;
      }
      INDArray wide = Halves.widened(array, temporaries);
      return Fused.isFlat(wide) ? wide : temporaries.keep(wide.dup('c'));
    }

    private INDArray array(long... shape) {
      return temporaries.keep(Nd4j.create(Halves.wideType(hidden.dataType()), shape));
    }

    private double[] add(int from, int to, long[] labels, double[] scales) {
      try (Temporaries ofPiece = new Temporaries()) {
        INDArray rows = tokens(h, from, to, ofPiece);
        INDArray z = Slices.of(logits, 0, to - from);
        if (b != null) {
          repeat(b, z, ofPiece);
        }
        // zᵀ = w·rowsᵀ, for BLAS has columns where these have rows.
        Nd4j.gemm(w, rows, z.transpose(), false, true, 1, b == null ? 0 : 1);
        INDArray v = direction == null ? null : slopes(rows, from, to, ofPiece);
        Derivative<INDArray> derivative =
            v == null ? Derivative.gradient() : Derivative.hessianVectorProduct(v);
        INDArray result = v == null ? z : v;
        INDArray out = wantsDerivative ? result : null;
        double[] ofTokens = CrossEntropy.inPlace(z, derivative, labels, scales, options, out);
        if (wantsDerivative) {
          addGradients(result, rows, from, to, ofPiece);
        }
        return ofTokens;
      }
    }

    private INDArray slopes(INDArray rows, int from, int to, Temporaries ofPiece) {
      INDArray v = Slices.of(slopes, 0, to - from);
      if (direction.bias == null) {
        v.assign(0);
      } else {
        repeat(direction.bias, v, ofPiece);
      }
      if (direction.weight != null) {
        Nd4j.gemm(direction.weight, rows, v.transpose(), false, true, 1, 1);
      }
      if (direction.hidden != null) {
        INDArray ofRows = tokens(direction.hidden, from, to, ofPiece);
        Nd4j.gemm(w, ofRows, v.transpose(), false, true, 1, 1);
      }
      return v;
    }

    private void addGradients(INDArray g, INDArray rows, int from, int to, Temporaries ofPiece) {
      double beta = from == 0 ? 0 : 1;
      if (ofTokens != null) {
        Nd4j.gemm(w, g, Slices.of(ofTokens, from, to).transpose(), true, true, 1, 0);
      }
      if (ofWeight != null) {
        Nd4j.gemm(rows, g, ofWeight.transpose(), true, false, 1, beta);
      }
      if (ofBias != null) {
        INDArray ones = ofPiece.keep(Nd4j.ones(g.dataType(), g.size(0), 1));
        Nd4j.gemm(
            g, ones, ofBias.reshape('f', new long[] {ofBias.length(), 1}), true, false, 1, beta);
      }
    }

    private INDArray tokens(INDArray all, int from, int to, Temporaries ofPiece) {
      return pieces.isWhole()
          ? Slices.of(all, from, to)
          : ofPiece.keep(Nd4j.pullRows(all, 1, pieces.places(from, to)));
    }
  }

  /** Writes a vector into every row. */
  private static void repeat(INDArray vector, INDArray rows, Temporaries temporaries) {
    if (vector.length() == 1) {
      INDArray column = Primitives.tile(vector.reshape('c', new long[] {1, 1}), rows.shape());
      Primitives.assign(rows, temporaries.keep(column));
    } else {
      Nd4j.getExecutioner().exec(new BroadcastCopyOp(rows, vector, rows, 1));
    }
  }
}
