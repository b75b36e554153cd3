package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.function.Supplier;
import org.stableops.ValueAndGradient;

/**
 * One call of a loss with valid arguments: its numbers become arrays, in the graph of the logits if
 * these are in one.
 *
 * @param <L> what is known of the losses
 */
public abstract class LossCall<L extends Losses> implements WeightedCall {
  /** Perhaps in a graph. */
  final NDArray logits;

  LossCall(NDArray logits) {
    this.logits = logits;
  }

  /**
   * Losses, and the gradient if it was wanted, in float32 for float16.
   *
   * @param losses the losses
   * @param gradient in the shape of the logits, or of a view of theirs, or null
   */
  record Result<L>(L losses, NDArray gradient) {}

  /** The gradient comes in the shape of the logits or a view of theirs; null if none is wanted. */
  abstract Result<L> compute(NDArray view, boolean wantsDetails);

  /** Whether the result is one number. */
  abstract boolean isReduced();

  /**
   * A {@link Taylor} polynomial in d = logits − their values, of rows or elements, whose sum has
   * the gradient and the second derivatives of the sum of the value.
   */
  abstract NDArray polynomial(NDArray d, Result<L> result);

  /** Losses that are not reduced, with this gradient to the logits. */
  abstract NDArray inGraph(NDArray losses, NDArray gradient);

  private Result<L> compute(NDArray view) {
    return compute(view, false);
  }

  /**
   * A loss, and what the batch weighs.
   *
   * @param value the loss, in the graph of the logits
   * @param weight what MEAN divides by, 0 where nothing counts
   */
  public record Weighted(NDArray value, double weight) {}

  public final NDArray value() {
    return weighted().value();
  }

  @Override
  public Weighted weighted() {
    return Scoped.compute(
        () -> {
          if (Taylor.isOn() && Autograd.wantsGradient(logits)) {
            Result<L> result = compute(logits);
            return ofSecondOrder(result, () -> polynomial(Taylor.difference(logits), result));
          }
          if (JniUtils.isGradMode()) {
            NDArray flat = logits.reshape(-1);
            if (Autograd.isInGraph(flat)) {
              return isReduced() ? loss(hasPlainSum() ? logits : flat) : losses();
            }
          }
          L losses = compute(null).losses();
          return new Weighted(losses.reduced(), losses.weight());
        },
        weighted -> new NDArray[] {weighted.value()});
  }

  /** The value, as that of polynomials of rows or elements. */
  final Weighted ofSecondOrder(Result<L> result, Supplier<NDArray> polynomials) {
    // Read first, for the next call may use the memory of the losses.
    L losses = result.losses();
    NDArray value = isReduced() ? losses.reduced() : losses.losses();
    double weight = losses.weight();
    NDArray node = isReduced() ? polynomials.get().sum() : polynomials.get();
    return new Weighted(Autograd.withValue(node, value), weight);
  }

  private Weighted losses() {
    Result<L> result = compute(logits);
    NDArray losses = inGraph(result.losses().losses(), result.gradient());
    return new Weighted(losses, result.losses().weight());
  }

  /** Whether the graph can do without a flat view, which small networks notice. */
  private boolean hasPlainSum() {
    return Fused.isSmall(logits)
        && logits.getShape().dimension() > 0
        && !SeedingCollector.isOnThisThread();
  }

  /** The sum or mean of the losses, in the graph of the logits or a flat view of theirs. */
  private Weighted loss(NDArray view) {
    Result<L> result = compute(view);
    NDArray reduced = Autograd.scalar(view, result.gradient());
    result.losses().reduceInto(reduced);
    SeedingCollector.remember(reduced, List.of(view), List.of(result.gradient()));
    return new Weighted(reduced, result.losses().weight());
  }

  public final NDArray gradient() {
    return Scoped.compute(() -> rounded(gradientAlone()));
  }

  /** The gradient, where the losses are not wanted. */
  NDArray gradientAlone() {
    return compute(logits).gradient();
  }

  final NDArray rounded(NDArray wide) {
    return wide.toType(logits.getDataType(), false);
  }

  public final ValueAndGradient<NDArray> valueAndGradient() {
    return Scoped.computeBoth(
        () -> {
          Result<L> result = compute(logits);
          return new ValueAndGradient<>(result.losses().reduced(), rounded(result.gradient()));
        });
  }
}
