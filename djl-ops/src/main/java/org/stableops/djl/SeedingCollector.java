package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtGradientCollector;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** The collector of {@link SeededLosses}: the stock one, and the losses of the thread it is for. */
final class SeedingCollector implements GradientCollector {
  private static final ThreadLocal<SeedingCollector> CURRENT = new ThreadLocal<>();

  /** Of which there is one in a JVM: it refuses a second. */
  private final GradientCollector stock = newStock();

  /** Also the lock: any thread may call backward. */
  private final List<PendingLoss> pending = new ArrayList<>();

  private boolean isClosed;

  SeedingCollector() {
    CURRENT.set(this);
  }

  /** A second one is refused, but not before it has switched recording on for its thread. */
  private static GradientCollector newStock() {
    boolean before = JniUtils.isGradMode();
    try {
      return new PtGradientCollector();
    } catch (IllegalStateException e) {
      JniUtils.setGradMode(before);
      throw e;
    }
  }

  /** Whether the losses of this thread are to be pending. */
  static boolean isCollecting() {
    SeedingCollector current = CURRENT.get();
    if (current == null) {
      return false;
    }
    synchronized (current.pending) {
      return !current.isClosed;
    }
  }

  /** A scalar with this value whose gradient to x will be the upstream times {@code gradient}. */
  static NDArray scalar(NDArray x, NDArray value, NDArray gradient) {
    return CURRENT.get().add(new PendingLoss(x, value, gradient, u -> u));
  }

  /** One loss a row of x along an axis, in the same way. */
  static NDArray rows(NDArray x, int axis, NDArray value, NDArray gradient) {
    UnaryOperator<NDArray> alongClasses = u -> u.expandDims(axis);
    return CURRENT.get().add(new PendingLoss(x, value, gradient, alongClasses));
  }

  private NDArray add(PendingLoss loss) {
    synchronized (pending) {
      pending.add(loss);
    }
    return loss.array();
  }

  @Override
  public void backward(NDArray target) {
    Inputs.requireOpen("target", target);
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      synchronized (pending) {
        if (!pending.isEmpty()) {
          backwardThroughLosses(target);
          return;
        }
      }
      backward(target, target.onesLike(), false);
    }
  }

  private void backwardThroughLosses(NDArray target) {
    try {
      // The target and the logits may share a graph.
      backward(target, target.onesLike(), true);
      List<PendingLoss> reached = reached();
      boolean isLast = reached.size() == pending.size();
      if (reached.size() == 1) {
        PendingLoss loss = reached.get(0);
        backward(loss.logits(), loss.seed(), !isLast);
      } else if (!reached.isEmpty()) {
        NDArray sum = reached.stream().map(PendingLoss::product).reduce(NDArray::add).orElseThrow();
        backward(sum, sum.onesLike(), !isLast);
      }
    } finally {
      release(reached());
    }
  }

  private static void backward(NDArray target, NDArray seed, boolean keepsGraph) {
    JniUtils.backward((PtNDArray) target, (PtNDArray) seed, keepsGraph, false);
  }

  private List<PendingLoss> reached() {
    return pending.stream().filter(PendingLoss::isReached).toList();
  }

  private void release(List<PendingLoss> losses) {
    losses.forEach(PendingLoss::close);
    pending.removeAll(losses);
  }

  @Override
  public void zeroGradients() {
    // The stock one leaves two arrays a gradient with the managers of the parameters.
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      stock.zeroGradients();
    }
  }

  @Override
  public void close() {
    synchronized (pending) {
      if (isClosed) {
        return;
      }
      isClosed = true;
      try {
        release(List.copyOf(pending));
      } finally {
        stock.close();
      }
    }
    if (CURRENT.get() == this) {
      CURRENT.remove();
    }
  }
}
