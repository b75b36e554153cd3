package org.stableops.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.stableops.djl.internal.Autograd;
import org.stableops.djl.internal.Gradients;
import org.stableops.djl.internal.Inputs;
import org.stableops.djl.internal.Scoped;
import org.stableops.djl.internal.Taylor;
import org.stableops.internal.Arguments;

/**
 * Gradients that are differentiable themselves, for Hessian-vector products and for gradients in a
 * loss; DJL's collectors have neither.
 *
 * <p>While a scope of this class is open, its thread records graphs, as under a gradient collector,
 * and in them this library's operators have their second derivatives, too: the explicit ones, of
 * their {@code secondDerivative} or {@code hessianVectorProduct}. Everywhere else a gradient of an
 * operator is a constant to libtorch, whose derivative is silently taken for 0. The gradients of
 * operators of DJL's, such as those of its layers, are differentiable as ever.
 *
 * <p>A scope takes nothing from the parameters: the gradients that collectors leave with these are
 * neither read nor changed. It may be opened beside a collector and within another scope, and there
 * may be one in every thread.
 *
 * <p>Operators without a second derivative throw UnsupportedOperationException in a scope, if their
 * gradient may be asked for: those with β or b in an array that is trained or has several elements,
 * {@link PositiveTransforms#logDerivative}, and {@link LinearCrossEntropy}, for which a {@link
 * SparseSoftmaxCrossEntropy} of the product stands in. Third derivatives of this library's
 * operators are wrong. A product takes as long as three gradients of a large network, or eight of a
 * tiny one.
 *
 * <pre>{@code
 * try (NDManager manager = NDManager.newBaseManager()) {
 *   SequentialBlock network = new SequentialBlock().add(Linear.builder().setUnits(3).build());
 *   network.add(Softplus.block());
 *   network.initialize(manager, DataType.FLOAT64, new Shape(1, 2));
 *   NDList weights = new NDList();
 *   NDList v = new NDList();
 *   for (Parameter parameter : network.getParameters().values()) {
 *     weights.add(parameter.getArray());
 *     v.add(parameter.getArray().onesLike());
 *   }
 *   NDList x = new NDList(manager.create(new double[][] {{-1, 2}}));
 *   ParameterStore store = new ParameterStore(manager, false);
 *   NDList product =
 *       SecondOrder.hessianVectorProducts(
 *           () -> network.forward(store, x, true).singletonOrThrow().sum(), weights, v);
 * }
 * }</pre>
 */
public final class SecondOrder implements AutoCloseable {
  private final Thread thread = Thread.currentThread();
  private final boolean recordedBefore = JniUtils.isGradMode();
  private final int depth;
  private boolean isClosed;

  private SecondOrder() {
    Taylor.begin();
    depth = Taylor.depth();
    JniUtils.setGradMode(true);
  }

  /**
   * Opens a scope on this thread.
   *
   * @return the scope, to be closed by the same thread, before those that were opened before
   */
  public static SecondOrder open() {
    return new SecondOrder();
  }

  /**
   * Returns the gradients of a number.
   *
   * @param target a floating array of one element, computed in this scope
   * @param arrays what it may depend on: leaves that require a gradient, or arrays computed from
   *     them
   * @return one gradient for each array, differentiable, of its shape and dtype and of the target's
   *     manager; 0 where the target does not depend on it
   * @throws IllegalArgumentException if the target has more than one element or is in no graph, or
   *     an array is in none
   * @throws IllegalStateException if an array is closed, or the scope, or another thread opened it
   */
  public NDList gradients(NDArray target, NDList arrays) {
    requireValid(target, arrays);
    return compute(() -> Gradients.recorded(target, arrays));
  }

  /**
   * Returns the product of the Hessian of a number with a vector.
   *
   * @param target a floating array of one element, computed in this scope
   * @param arrays what it may depend on, as for {@link #gradients}
   * @param vectors the parts of the vector: one array for each, of its shape and dtype
   * @return the parts of the product, outside any graph, of the arrays' shapes and dtypes and of
   *     the target's manager
   * @throws IllegalArgumentException as for {@link #gradients}, or if the vectors are not like the
   *     arrays
   * @throws IllegalStateException if an array is closed, or the scope, or another thread opened it
   */
  public NDList hessianVectorProducts(NDArray target, NDList arrays, NDList vectors) {
    requireValid(target, arrays);
    requireLike(vectors, arrays);
    return compute(() -> products(target, arrays, vectors));
  }

  /**
   * Returns the product of the Hessian of a number with a vector.
   *
   * @param target computes the number in a scope of this class; every array that it makes is closed
   *     afterwards, unless detached from NDScopes: a number that is wanted, too, is copied out, or
   *     a scope is opened instead
   * @param arrays what it may depend on, as for {@link #gradients}: such as the parameters of a
   *     network, whose gradients are not touched
   * @param vectors the parts of the vector: one array for each, of its shape and dtype
   * @return the parts of the product, as of {@link #hessianVectorProducts(NDArray, NDList, NDList)}
   * @throws IllegalArgumentException as there
   * @throws IllegalStateException if an array is closed
   */
  public static NDList hessianVectorProducts(
      Supplier<NDArray> target, NDList arrays, NDList vectors) {
    Arguments.requireGiven("target", target);
    requireLike(vectors, arrays);
    try (SecondOrder scope = open()) {
      return compute(() -> scope.hessianVectorProducts(target.get(), arrays, vectors));
    }
  }

  private static NDList compute(Supplier<NDList> supplier) {
    return Scoped.compute(supplier, list -> list.toArray(NDArray[]::new));
  }

  /** The gradients of ⟨gradient, v⟩. */
  private static NDList products(NDArray target, NDList arrays, NDList vectors) {
    NDList gradients = Gradients.recorded(target, arrays);
    NDArray sum = null;
    for (int i = 0; i < gradients.size(); i++) {
      NDArray gradient = gradients.get(i);
      // That of a linear part is a constant.
      if (Autograd.wantsGradient(gradient)) {
        NDArray product = gradient.mul(vectors.get(i).stopGradient()).sum();
        sum = sum == null ? product : sum.add(product);
      }
    }
    if (sum == null) {
      List<NDArray> zeros = new ArrayList<>();
      gradients.forEach(gradient -> zeros.add(gradient.zerosLike()));
      return new NDList(zeros);
    }
    return Gradients.last(sum, arrays);
  }

  private void requireValid(NDArray target, NDList arrays) {
    requireThread();
    if (isClosed) {
      throw new IllegalStateException("the scope must be open, but has been closed");
    }
    Inputs.requireFloating("target", target);
    if (target.size() != 1) {
      throw new IllegalArgumentException(
          "target must have one element, got shape " + target.getShape());
    }
    requireInGraph("target", target);
    Arguments.requireGiven("arrays", arrays);
    for (int i = 0; i < arrays.size(); i++) {
      Inputs.requireFloating("arrays[" + i + "]", arrays.get(i));
      requireInGraph("arrays[" + i + "]", arrays.get(i));
    }
  }

  private static void requireInGraph(String name, NDArray array) {
    if (!Autograd.wantsGradient(array)) {
      throw new IllegalArgumentException(
          name + " must require a gradient, or be computed from what does");
    }
  }

  private static void requireLike(NDList vectors, NDList arrays) {
    Arguments.requireGiven("arrays", arrays);
    Arguments.requireGiven("vectors", vectors);
    if (vectors.size() != arrays.size()) {
      throw new IllegalArgumentException(
          "vectors must be %d arrays, one for each of arrays, got %d"
              .formatted(arrays.size(), vectors.size()));
    }
    for (int i = 0; i < arrays.size(); i++) {
      Inputs.requireLike("vectors[" + i + "]", vectors.get(i), "arrays[" + i + "]", arrays.get(i));
    }
  }

  /**
   * Ends the scope: what is computed after it has gradients that are constants again.
   *
   * @throws IllegalStateException if another thread opened it, or a scope that was opened after it
   *     is still open
   */
  @Override
  public void close() {
    requireThread();
    if (isClosed) {
      return;
    }
    if (Taylor.depth() != depth) {
      throw new IllegalStateException(
          "the scopes that were opened after this one must be closed first");
    }
    isClosed = true;
    Taylor.end();
    JniUtils.setGradMode(recordedBefore);
  }

  private void requireThread() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "the scope must be used and closed by the thread that opened it");
    }
  }
}
