package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtGradientCollector;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.stableops.djl.SeededLosses;

/** The collector of {@link SeededLosses}: the stock one, and the losses of the thread it is for. */
public final class SeedingCollector implements GradientCollector {
  private static final ThreadLocal<SeedingCollector> CURRENT = new ThreadLocal<>();

  /** What libtorch calls the last operator of a loss, as Autograd makes it. */
  private static final Set<String> FUNCTIONS = Set.of("DotBackward0", "SumBackward0");

  /**
   * Where the backward of a loss may begin instead.
   *
   * @param loss the caller's
   * @param arguments views of the caller's arrays, who may close these before
   * @param gradients the loss's to the arguments, of their shapes and dtype
   */
  private record Seed(NDArray loss, List<NDArray> arguments, List<NDArray> gradients) {
    static Seed of(NDArray loss, List<NDArray> arguments, List<NDArray> gradients) {
      Seed seed = new Seed(loss, List.copyOf(arguments), List.copyOf(gradients));
      seed.arrays()
          .forEach(
              own -> {
                NDScope.unregister(own);
                own.detach();
              });
      return seed;
    }

    private Stream<NDArray> arrays() {
      return Stream.concat(arguments.stream(), gradients.stream());
    }

    /** Not if the loss has been changed in place: then it is the result of another operator. */
    boolean isOf(NDArray target) {
      return loss == target
          && FUNCTIONS.contains(JniUtils.getGradientFunctionNames((PtNDArray) target));
    }

    /** Those before the last keep the graph, for the arguments may share a part of it. */
    void backward(boolean keepsGraph) {
      int last = arguments.size() - 1;
      for (int i = 0; i <= last; i++) {
        SeedingCollector.backward(arguments.get(i), gradients.get(i), keepsGraph || i < last);
      }
    }

    void release() {
      arrays().forEach(NDArray::close);
    }
  }

  /** Of which there is one in a JVM: it refuses a second. */
  private final GradientCollector stock = newStock();

  /** Also the lock: any thread may call backward. */
  private final List<Seed> seeds = new ArrayList<>();

  private boolean isClosed;

  public SeedingCollector() {
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

  /** Whether losses of this thread are kept. */
  static boolean isOnThisThread() {
    return CURRENT.get() != null;
  }

  /**
   * Keeps the gradients of a loss for backward, if this thread's collector is one of ours: to be
   * called in the scope of the arrays.
   */
  static void remember(NDArray loss, List<NDArray> arguments, List<NDArray> gradients) {
    SeedingCollector current = CURRENT.get();
    if (current != null && arguments.get(0).getDataType() == gradients.get(0).getDataType()) {
      current.add(loss, arguments, gradients);
    }
  }

  private void add(NDArray loss, List<NDArray> arguments, List<NDArray> gradients) {
    synchronized (seeds) {
      // Another thread may have closed the collector.
      if (!isClosed) {
        seeds.add(Seed.of(loss, arguments, gradients));
      }
    }
  }

  @Override
  public void backward(NDArray target) {
    Inputs.requireOpen("target", target);
    synchronized (seeds) {
      for (int i = 0; i < seeds.size(); i++) {
        if (seeds.get(i).isOf(target)) {
          // By index: arrays are equal if their elements are, and throw if they are closed.
          Seed seed = seeds.remove(i);
          // Other losses may share the network.
          backward(seed, !seeds.isEmpty());
          return;
        }
      }
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      backward(target, target.onesLike(), false);
    }
  }

  private static void backward(Seed seed, boolean keepsGraph) {
    try {
      seed.backward(keepsGraph);
    } finally {
      seed.release();
    }
  }

  private static void backward(NDArray target, NDArray upstream, boolean keepsGraph) {
    JniUtils.backward((PtNDArray) target, (PtNDArray) upstream, keepsGraph, false);
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
    synchronized (seeds) {
      if (isClosed) {
        return;
      }
      isClosed = true;
      try {
        seeds.forEach(Seed::release);
        seeds.clear();
      } finally {
        stock.close();
      }
    }
    if (CURRENT.get() == this) {
      CURRENT.remove();
    }
  }
}
