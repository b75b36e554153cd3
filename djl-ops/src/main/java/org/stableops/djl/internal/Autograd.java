package org.stableops.djl.internal;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.function.Supplier;

/**
 * Custom gradients, which DJL lacks. An array whose backward is the wanted one is made by plain
 * multiplication, and its storage is then overwritten with the wanted value through a detached
 * alias: the backward of a product reads its factors, never its result.
 *
 * <p>The gradients handed in are of {@link Halves#wideType}, so that those of float16 arrays are
 * multiplied, summed and then rounded once.
 */
public final class Autograd {
  private static final NDIndex EVERYTHING = new NDIndex("...");

  private Autograd() {}

  /** Whether somebody may ask for the gradient of x: it is, or depends on, a leaf that wants it. */
  public static boolean wantsGradient(NDArray x) {
    return JniUtils.isGradMode() && (x.hasGradient() || isComputedInGraph(x));
  }

  /** An array outside any graph with the memory of x, which it is itself where it is outside. */
  static NDArray detached(NDArray x) {
    return wantsGradient(x) ? x.stopGradient() : x;
  }

  /** Asks a view, which no other thread sees. */
  private static boolean isComputedInGraph(NDArray x) {
    try (NDArray view = x.expandDims(0)) {
      return isInGraph(view);
    }
  }

  /**
   * Whether an array that this thread has just made is in a graph. DJL's hasGradient is false even
   * then, but it stays so when the flag behind it is set. On an array that others know, they might
   * see the flag while it is set.
   */
  static boolean isInGraph(NDArray own) {
    PtNDArray array = (PtNDArray) own;
    try {
      JniUtils.attachGradient(array, true);
    } catch (EngineException inference) {
      // A view of what a TorchScript module has computed, outside any graph, refuses the flag.
      return false;
    }
    if (!JniUtils.requiresGrad(array)) {
      return true;
    }
    JniUtils.attachGradient(array, false);
    return false;
  }

  /** Computes what no graph is to record. */
  static NDArray outsideGraph(Supplier<NDArray> computation) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(false);
    try {
      return computation.get();
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /** An array with this value whose gradient to x is the upstream times {@code gradient}. */
  static NDArray elementwise(NDArray x, NDArray value, NDArray gradient) {
    Taylor.requireOff("this operator");
    return withValue(x.mul(gradient), value);
  }

  /**
   * An array whose gradient to x is the upstream times one factor, and to p, which broadcasts,
   * times the other; null where none is wanted. What is in it is to be overwritten with the value.
   */
  static NDArray products(NDArray x, NDArray gradient, NDArray p, NDArray parameterGradient) {
    Taylor.requireOff("this operator");
    // The contiguous factors first, for a product takes their layout and manager.
    NDArray ofX = gradient == null ? null : gradient.mul(x);
    NDArray ofP = parameterGradient == null ? null : parameterGradient.mul(p);
    NDArray sum = ofX == null ? ofP : ofP == null ? ofX : ofX.add(ofP);
    return Halves.rounded(sum, x.getDataType());
  }

  /**
   * A scalar whose gradient to x is the upstream times {@code gradient}, both of one shape, and of
   * rank 1 if they are large. What is in it is to be overwritten with the value.
   */
  static NDArray scalar(NDArray x, NDArray gradient) {
    Taylor.requireOff("this loss");
    NDArray wide = Halves.widened(x);
    // Libtorch's dot calls for a second thread even for the smallest.
    NDArray sum = Fused.isSmall(x) ? wide.mul(gradient).sum() : wide.dot(gradient);
    return Halves.rounded(sum, x.getDataType());
  }

  /** The same for several arrays, each with its gradient. */
  static NDArray scalar(List<NDArray> arguments, List<NDArray> gradients) {
    NDArray sum = scalar(arguments.get(0), gradients.get(0));
    for (int i = 1; i < arguments.size(); i++) {
      sum = sum.add(scalar(arguments.get(i), gradients.get(i)));
    }
    // So that its last operator is one that SeedingCollector knows.
    return arguments.size() == 1 ? sum : sum.sum();
  }

  /** An array of x's shape without an axis, whose gradient to x is the upstream times gradient. */
  public static NDArray rows(NDArray x, int axis, NDArray value, NDArray gradient) {
    Taylor.requireOff("this operator");
    return withValue(x.mul(gradient).sum(new int[] {axis}), value);
  }

  /**
   * An array with this value whose gradient to x is u·(1 − p) − (Σu − u)·p for an upstream u, with
   * sums along an axis and p a softmax. The product with p is one node, so that backward subtracts
   * u from Σu before anything is rounded by p.
   */
  public static NDArray logSoftmax(
      NDArray x, int axis, NDArray value, NDArray p, NDArray oneMinusP) {
    NDArray wide = Taylor.isOn() ? Taylor.difference(x) : Halves.widened(x);
    NDArray product = wide.mul(p);
    NDArray others = product.sum(new int[] {axis}, true).sub(product);
    NDArray node = wide.mul(oneMinusP).sub(others);
    return withValue(Taylor.isOn() ? node.sub(Taylor.ofLogSumExp(wide, axis, p)) : node, value);
  }

  /**
   * An array with this value, that of a log-sum-exp, whose gradient to x is the upstream times p.
   */
  public static NDArray logSumExp(NDArray x, int axis, NDArray value, NDArray p) {
    if (!Taylor.isOn()) {
      return rows(x, axis, value, p);
    }
    NDArray d = Taylor.difference(x);
    NDArray node = d.mul(p).sum(new int[] {axis}, true).add(Taylor.ofLogSumExp(d, axis, p));
    return withValue(node.squeeze(axis), value);
  }

  /**
   * An array with this value whose gradient by every argument is that of p = softmax(a), a·u by
   * u·slope in turn: for an upstream u and v = u − u_k, k the largest, v − Σp·v goes to the scaled
   * arguments and v to the others, with sums along the last axis.
   *
   * @param scaled Σ argument·∂a/∂argument, or null
   * @param other Σ argument·∂p/∂argument, or null
   * @param minusP −p: a sum spares backward what a difference negates
   * @param minusLargest −1 at the largest of each row, else 0
   */
  static NDArray softmax(
      NDArray scaled, NDArray other, NDArray minusP, NDArray minusLargest, NDArray value) {
    Taylor.requireOff("this operator");
    NDArray ofScaled = scaled == null ? null : scaled.add(minusP.mul(sums(scaled)));
    NDArray node = ofScaled == null ? other : other == null ? ofScaled : ofScaled.add(other);
    return withValue(node.add(minusLargest.mul(sums(node))), value);
  }

  private static NDArray sums(NDArray rows) {
    return rows.sum(new int[] {rows.getShape().dimension() - 1}, true);
  }

  /** An array with this value and the derivatives of a node, whose memory it may be. */
  static NDArray withValue(NDArray node, NDArray value) {
    NDArray rounded = Halves.rounded(node, value.getDataType());
    overwrite(rounded, value);
    return rounded;
  }

  /** Writes a value into the storage of an array, past its graph. */
  static void overwrite(NDArray array, NDArray value) {
    array.stopGradient().set(EVERYTHING, value);
  }

  /** The same of scalars, of any floating dtypes. */
  static void overwriteScalar(NDArray scalar, NDArray value) {
    if (Fused.isShared(scalar) && Fused.isShared(value)) {
      overwriteScalar(scalar, Numbers.number(value));
    } else {
      // x^0 is 1, of NaN too, and 1 times the value is that, rounded.
      outsideGraph(() -> scalar.powi(Constants.of(0)).muli(value));
    }
  }

  /** The same with a number, into a scalar that Java shares. */
  static void overwriteScalar(NDArray scalar, double value) {
    Fused.write(new double[] {value}, scalar);
  }
}
