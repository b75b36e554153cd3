package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastCopyOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.internal.LinearShape;
import org.stableops.internal.SoftmaxShape;
import org.stableops.op.LinearPieces;

/** One call of the linear cross-entropy with valid arguments. */
public final class LinearCall {
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
      return new Pass(temporaries, null, null, null).losses;
    }
  }

  /** The same call whose losses are multiplied: each by its own number, or all by one. */
  LinearCall times(double[] upstream) {
    return new LinearCall(hidden, weight, bias, options, pieces.times(upstream));
  }

  public LinearCrossEntropyGradients<INDArray> valueAndGradients() {
    try (Temporaries temporaries = new Temporaries()) {
      INDArray ofHidden = temporaries.keep(like(hidden));
      INDArray ofWeight = temporaries.keep(like(weight));
      INDArray ofBias = bias == null ? null : temporaries.keep(like(bias));
      INDArray loss = loss(gradientsInto(ofHidden, ofWeight, ofBias));
      return new LinearCrossEntropyGradients<>(
          loss,
          temporaries.give(ofHidden),
          temporaries.give(ofWeight),
          ofBias == null ? null : temporaries.give(ofBias));
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
  @SuppressWarnings("try")
  public double[] gradientsInto(INDArray ofHidden, INDArray ofWeight, INDArray ofBias) {
    try (MemoryWorkspace none = outOfWorkspaces();
        Temporaries temporaries = new Temporaries()) {
      INDArray[] outs = {ofHidden, ofWeight, ofBias};
      INDArray[] sums = new INDArray[outs.length];
      Arrays.setAll(sums, i -> outs[i] == null ? null : sums(outs[i], temporaries));
      double[] losses = new Pass(temporaries, sums[0], sums[1], sums[2]).losses;
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

  /** What a logit takes: beside it, composites have an array for its gradient. */
  private int bytes() {
    int ofLogit = Halves.wideType(hidden.dataType()).width();
    return Fused.reaches(hidden) ? ofLogit : 2 * ofLogit;
  }

  private INDArray loss(double[] losses) {
    double[] reduced = LinearPieces.reduced(losses, options.reduction());
    long[] shape = options.reduction() == Reduction.NONE ? new long[] {losses.length} : new long[0];
    return AlongAxis.array(reduced, shape, hidden.dataType());
  }

  /** All pieces, and the gradients that are wanted. Products are of the form of BLAS. */
  private final class Pass {
    private final Temporaries temporaries;
    private final INDArray h;
    private final INDArray w;
    private final INDArray b;

    /** The logits of a piece, and then their gradient. */
    private final INDArray logits;

    private final boolean wantsGradient;

    /** Those of the tokens that count. */
    private final INDArray ofTokens;

    private final INDArray ofWeight;
    private final INDArray ofBias;
    private final double[] losses;

    /** Writes gradients into arrays, or null. */
    Pass(Temporaries temporaries, INDArray ofHidden, INDArray ofWeight, INDArray ofBias) {
      this.temporaries = temporaries;
      this.ofWeight = ofWeight;
      this.ofBias = ofBias;
      h = contiguous(hidden);
      w = contiguous(weight);
      b = bias == null ? null : contiguous(bias);
      logits = array(pieces.most(bytes()), weight.size(0));
      wantsGradient = ofHidden != null || ofWeight != null || ofBias != null;
      boolean isWhole = ofHidden == null || pieces.isWhole();
      // With a row of 0 behind them, for the tokens that do not count.
      ofTokens = isWhole ? ofHidden : array(pieces.count() + 1L, hidden.size(1));
      losses = pieces.losses(bytes(), this::add);
      if (!isWhole) {
        Primitives.assign(
            ofHidden, temporaries.keep(Nd4j.pullRows(ofTokens, 1, pieces.positions())));
      }
    }

    private INDArray contiguous(INDArray array) {
      INDArray wide = Halves.widened(array, temporaries);
      return Fused.isFlat(wide) ? wide : temporaries.keep(wide.dup('c'));
    }

    private INDArray array(long... shape) {
      return temporaries.keep(Nd4j.create(Halves.wideType(hidden.dataType()), shape));
    }

    private double[] add(int from, int to, long[] labels, double[] scales) {
      try (Temporaries ofPiece = new Temporaries()) {
        INDArray rows = tokens(from, to, ofPiece);
        INDArray z = Slices.of(logits, 0, to - from);
        if (b != null) {
          repeat(b, z, ofPiece);
        }
        // zᵀ = w·rowsᵀ, for BLAS has columns where these have rows.
        Nd4j.gemm(w, rows, z.transpose(), false, true, 1, b == null ? 0 : 1);
        double[] ofTokens = CrossEntropy.inPlace(z, labels, scales, options, wantsGradient);
        if (wantsGradient) {
          addGradients(z, rows, from, to, ofPiece);
        }
        return ofTokens;
      }
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

    private INDArray tokens(int from, int to, Temporaries ofPiece) {
      return pieces.isWhole()
          ? Slices.of(h, from, to)
          : ofPiece.keep(Nd4j.pullRows(h, 1, pieces.places(from, to)));
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
