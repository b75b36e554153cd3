package org.stableops.kernel;

import java.util.Arrays;

/**
 * A loss of each element, from x, its target, perhaps its sample weight, and for some losses one
 * number more, its companion: the loss, its derivatives, and what they are reduced to.
 *
 * <p>An element of sample weight 0 has 0 in everything and is never read. Floats are computed in
 * double and rounded once, but for what a loss can compute in float as well. The same input has the
 * same bits at any number of threads.
 */
public final class ElementLossKernel {
  /** A loss on tiles of doubles, of which the first {@code count} elements count. */
  interface Form {
    /**
     * Computes what the others share, of the elements from a number on; if x are floats, which
     * stand in scratch.floatIn as well, it may do so in float.
     */
    void prepare(double[] x, double[] y, int from, int count, boolean areFloats, Scratch scratch);

    void value(double[] x, int count, double[] out, boolean areFloats, Scratch scratch);

    void gradient(double[] x, int count, double[] out, Scratch scratch);

    void secondDerivative(double[] x, int count, double[] out, Scratch scratch);

    /** The derivative by the companion. */
    default void companionGradient(double[] x, int count, double[] out, Scratch scratch) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** The second derivative by the companion. */
    default void companionSecond(double[] x, int count, double[] out, Scratch scratch) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** The derivative by x and the companion. */
    default void mixed(double[] x, int count, double[] out, Scratch scratch) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** Twice what the loss is above that of the best prediction. */
    default void deviance(double[] x, int count, double[] out, Scratch scratch) {
      throw new UnsupportedOperationException("this loss has no deviance");
    }

    /** The loss in float, or null where there is none. */
    default FloatForm inFloat() {
      return null;
    }

    /** Whether there are companions: in scratch.companion, 1 where a call has none. */
    default boolean takesCompanion() {
      return false;
    }

    /** Whether there is a derivative by them. */
    default boolean hasCompanionGradient() {
      return false;
    }

    /** Whether a number may be a companion; others are refused. */
    default boolean isCompanion(double number) {
      return true;
    }

    /** What companions must be, for the message. */
    default String companions() {
      return "any number";
    }

    /** Targets are from 0 to this. */
    double largestTarget();

    /** What targets must be, for the message. */
    String targets();
  }

  /**
   * A loss on tiles of floats, without companions and sample weights, where float has the digits.
   * In double, conversions would take most of the time of a simple loss.
   */
  interface FloatForm {
    /** Whether it has them here. May write scratch.floatA and floatOut. */
    boolean takes(float[] x, float[] y, int count, Scratch scratch);

    /** Computes what the others share, in scratch.floatA. */
    void prepare(float[] x, int count, Scratch scratch);

    void value(float[] x, float[] y, int count, float[] out, Scratch scratch);

    /** The gradient times a number with which nothing overflows. */
    void gradient(float[] x, float[] y, int count, double scale, float[] out, Scratch scratch);
  }

  /** Beyond, products with a scale may overflow or vanish in float. */
  private static final double LARGE_SCALE = 0x1p60;

  private final Form form;

  /** The same in float, or null. */
  private final FloatForm inFloat;

  ElementLossKernel(Form form) {
    this.form = form;
    inFloat = form.inFloat();
  }

  /**
   * Tells whether an element may be a target.
   *
   * @param y any number
   * @return whether it is in the loss's domain
   */
  public boolean isTarget(double y) {
    return y >= 0 && y <= form.largestTarget();
  }

  /**
   * Tells whether a number may be a companion.
   *
   * @param number any
   * @return whether it is not refused
   */
  public boolean isCompanion(double number) {
    return form.isCompanion(number);
  }

  /**
   * Tells whether the loss has a gradient by its companion.
   *
   * @return whether {@link Derivative#BY_COMPANION} is one of its derivatives
   */
  public boolean hasCompanionGradient() {
    return form.hasCompanionGradient();
  }

  /**
   * The elements of a call.
   *
   * @param x the arguments
   * @param companion one per element, or null for 1 everywhere
   * @param targets one per element
   * @param sampleWeights one per element, or null for 1 everywhere
   */
  public record Batch(Elements x, Elements companion, Elements targets, Elements sampleWeights) {
    private boolean areAllFloats() {
      return x.areFloats() && targets.areFloats();
    }

    /** Loads a tile, and returns its weights. */
    private double[] load(int from, int count, Scratch scratch) {
      targets.load(from, count, scratch.parameter, scratch);
      if (companion != null) {
        companion.load(from, count, scratch.companion, scratch);
      }
      if (x.areFloats()) {
        x.load(from, count, scratch.floatIn);
        scratch.floatMath.widen(scratch.floatIn, 0, count, scratch.in);
      } else {
        x.load(from, count, scratch.in, scratch);
      }
      double[] weights = weights(from, count, scratch);
      if (weights != null) {
        replaceUnread(weights, count, scratch);
      }
      return weights;
    }

    /** Elements of weight 0 may be anything, for which there need be no formula. */
    private static void replaceUnread(double[] weights, int count, Scratch scratch) {
      for (int i = 0; i < count; i++) {
        if (weights[i] == 0) {
          scratch.in[i] = 0;
          scratch.floatIn[i] = 0;
          scratch.parameter[i] = 0;
          scratch.companion[i] = 1;
        }
      }
    }

    private double[] weights(int from, int count, Scratch scratch) {
      if (sampleWeights == null) {
        return null;
      }
      sampleWeights.load(from, count, scratch.maxima, scratch);
      return scratch.maxima;
    }
  }

  /** What messages call the arrays. */
  public record Names(String targets, String companion) {}

  /**
   * Checks targets, companions and sample weights, and adds up the weights.
   *
   * @param names of the arrays
   * @param batch of which x is not read
   * @return Σ a
   * @throws IllegalArgumentException if a weight is negative or not finite, or the target or the
   *     companion of an element that counts is none, or the weights add up to infinity
   */
  public double weight(Names names, Batch batch) {
    int size = batch.targets.size();
    int tiles = Tiles.count(size);
    double[] sums = new double[tiles];
    Tiles.forEachTile(
        size,
        (from, count, scratch) -> {
          double[] weights = batch.weights(from, count, scratch);
          requireWeights(weights, from, count);
          requireTargets(names.targets, batch.targets, weights, from, count, scratch);
          if (batch.companion != null) {
            batch.companion.load(from, count, scratch.companion, scratch);
            requireCompanions(names.companion, scratch.companion, weights, from, count);
          }
          sums[from / Tiles.SIZE] = weights == null ? count : sum(weights, count, scratch);
        });
    double weight = Sums.pairwise(sums, tiles, new double[tiles]);
    if (weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "sampleWeights must add up to a finite number, got Infinity");
    }
    return weight;
  }

  private static void requireWeights(double[] weights, int from, int count) {
    for (int i = 0; weights != null && i < count; i++) {
      if (!(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sampleWeights[%d] must be finite and >= 0, got %s".formatted(from + i, weights[i]));
      }
    }
  }

  private void requireTargets(
      String name, Elements targets, double[] weights, int from, int count, Scratch scratch) {
    if (targets.areFloats()) {
      targets.load(from, count, scratch.floatB);
      if (areTargets(scratch.floatB, count, scratch)) {
        return;
      }
    }
    double[] y = scratch.parameter;
    targets.load(from, count, y, scratch);
    double largest = form.largestTarget();
    for (int i = 0; i < count; i++) {
      if (!(y[i] >= 0 && y[i] <= largest) && (weights == null || weights[i] != 0)) {
        throw new IllegalArgumentException(
            "%s[%d] must be %s, got %s".formatted(name, from + i, form.targets(), y[i]));
      }
    }
  }

  /** Whether all are; found without a choice, which C2 does not vectorise. */
  private boolean areTargets(float[] y, int count, Scratch scratch) {
    float[] negative = scratch.floatA;
    for (int i = 0; i < count; i++) {
      negative[i] = -y[i];
    }
    return scratch.floatMath.max(y, 0, count) <= form.largestTarget()
        && scratch.floatMath.max(negative, 0, count) <= 0;
  }

  private void requireCompanions(
      String name, double[] companion, double[] weights, int from, int count) {
    for (int i = 0; i < count; i++) {
      if (!form.isCompanion(companion[i]) && (weights == null || weights[i] != 0)) {
        throw new IllegalArgumentException(
            "%s[%d] must be %s, got %s".formatted(name, from + i, form.companions(), companion[i]));
      }
    }
  }

  /** A copy of the sum, for the weights are needed afterwards. */
  private static double sum(double[] weights, int count, Scratch scratch) {
    System.arraycopy(weights, 0, scratch.out, 0, count);
    return Sums.pairwise(scratch.out, count, scratch.e);
  }

  /**
   * Computes the losses of elements with valid targets.
   *
   * @param batch the elements
   * @param losses where a·loss is written, or null
   * @param gradient where scale·a·loss′ is written, or null
   * @param scale of the gradient
   * @return Σ a·loss
   */
  public double run(Batch batch, Elements losses, Elements gradient, double scale) {
    int size = batch.x.size();
    int tiles = Tiles.count(size);
    double[] sums = new double[tiles];
    boolean mayBeInFloat = mayBeInFloat(batch, losses, gradient, scale);
    Tiles.forEachTile(
        size,
        (from, count, scratch) -> {
          sums[from / Tiles.SIZE] =
              mayBeInFloat && loadFloats(batch, from, count, scratch)
                  ? runInFloat(losses, gradient, scale, from, count, scratch)
                  : run(batch, losses, gradient, scale, from, count, scratch);
        });
    return Sums.pairwise(sums, tiles, new double[tiles]);
  }

  private double run(
      Batch batch,
      Elements losses,
      Elements gradient,
      double scale,
      int from,
      int count,
      Scratch scratch) {
    double[] weights = load(batch, from, count, scratch);
    if (gradient != null) {
      form.gradient(scratch.in, count, scratch.out, scratch);
      store(scale, weights, gradient, from, count, scratch);
    }
    form.value(scratch.in, count, scratch.out, batch.x.areFloats(), scratch);
    weigh(1, weights, count, scratch);
    if (losses != null) {
      losses.store(scratch.out, from, count, scratch);
    }
    return Sums.pairwise(scratch.out, count, scratch.e);
  }

  /** Whether a loss and a gradient may be computed in float, if the targets are for it. */
  private boolean mayBeInFloat(Batch batch, Elements losses, Elements gradient, double scale) {
    return inFloat != null
        && batch.areAllFloats()
        && batch.companion == null
        && batch.sampleWeights == null
        && (losses == null || losses.areFloats())
        && (gradient == null || isForFloat(gradient, scale));
  }

  private static boolean isForFloat(Elements gradient, double scale) {
    double size = Math.abs(scale);
    return gradient.areFloats() && size < LARGE_SCALE && size > 1 / LARGE_SCALE;
  }

  /**
   * Loads and prepares x in scratch.floatIn, y in scratch.floatB, unless float is not for these.
   */
  private boolean loadFloats(Batch batch, int from, int count, Scratch scratch) {
    batch.x.load(from, count, scratch.floatIn);
    batch.targets.load(from, count, scratch.floatB);
    if (!inFloat.takes(scratch.floatIn, scratch.floatB, count, scratch)) {
      return false;
    }
    inFloat.prepare(scratch.floatIn, count, scratch);
    return true;
  }

  private double runInFloat(
      Elements losses, Elements gradient, double scale, int from, int count, Scratch scratch) {
    float[] out = scratch.floatOut;
    if (gradient != null) {
      inFloat.gradient(scratch.floatIn, scratch.floatB, count, scale, out, scratch);
      gradient.store(out, from, count);
    }
    inFloat.value(scratch.floatIn, scratch.floatB, count, out, scratch);
    if (losses != null) {
      losses.store(out, from, count);
    }
    return scratch.floatMath.sum(out, 0, count);
  }

  /** A formula on a prepared tile. */
  @FunctionalInterface
  private interface Formula {
    void compute(Form form, double[] x, int count, double[] out, Scratch scratch);
  }

  /** What is computed of each element on its own. */
  public enum Derivative {
    /** loss′, where the losses are not wanted. */
    GRADIENT(Form::gradient),
    /** loss″. */
    SECOND(Form::secondDerivative),
    /** The derivative by the companion. */
    BY_COMPANION(Form::companionGradient),
    /** The second derivative by the companion. */
    BY_COMPANION_TWICE(Form::companionSecond),
    /** The derivative by x and the companion. */
    MIXED(Form::mixed),
    /** Twice what the loss is above that of the best prediction. */
    DEVIANCE(Form::deviance);

    private final Formula formula;

    Derivative(Formula formula) {
      this.formula = formula;
    }
  }

  /**
   * Writes scale·a times a derivative.
   *
   * @param derivative which
   * @param batch the elements
   * @param out as long as x
   * @param scale of the derivative
   */
  public void derivative(Derivative derivative, Batch batch, Elements out, double scale) {
    boolean mayBeInFloat =
        derivative == Derivative.GRADIENT && mayBeInFloat(batch, null, out, scale);
    Tiles.forEachTile(
        batch.x.size(),
        (from, count, scratch) -> {
          if (mayBeInFloat && loadFloats(batch, from, count, scratch)) {
            float[] gradient = scratch.floatOut;
            inFloat.gradient(scratch.floatIn, scratch.floatB, count, scale, gradient, scratch);
            out.store(gradient, from, count);
          } else {
            compute(derivative, batch, scale, from, count, scratch);
            out.store(scratch.out, from, count, scratch);
          }
        });
  }

  /**
   * Writes sums of scale·a times a derivative: of all elements that an element of the companion
   * meets, in double.
   *
   * @param derivative which
   * @param batch the elements, in the order of the groups
   * @param groups the order
   * @param out one per element of the companion
   * @param scale of the derivative
   */
  public void sums(
      Derivative derivative, Batch batch, ParameterGroups groups, Elements out, double scale) {
    int size = batch.x.size();
    if (size == 0) {
      out.setAll(new double[out.size()]);
      return;
    }
    GroupSums.Terms terms =
        (from, count, scratch) -> compute(derivative, batch, scale, from, count, scratch);
    new GroupSums(size, groups.length(), groups.columns(), terms).write(out);
  }

  private void compute(
      Derivative derivative, Batch batch, double scale, int from, int count, Scratch scratch) {
    double[] weights = load(batch, from, count, scratch);
    derivative.formula.compute(form, scratch.in, count, scratch.out, scratch);
    weigh(scale, weights, count, scratch);
  }

  /** Loads and prepares a tile, and returns its weights. */
  private double[] load(Batch batch, int from, int count, Scratch scratch) {
    double[] weights = batch.load(from, count, scratch);
    boolean areFloats = batch.x.areFloats();
    if (batch.companion == null && form.takesCompanion()) {
      Arrays.fill(scratch.companion, 0, count, 1);
    }
    form.prepare(scratch.in, scratch.parameter, from, count, areFloats, scratch);
    return weights;
  }

  private static void store(
      double scale, double[] weights, Elements out, int from, int count, Scratch scratch) {
    weigh(scale, weights, count, scratch);
    out.store(scratch.out, from, count, scratch);
  }

  /** Multiplies the results by scale and weights, of which 0 outweighs NaN. */
  private static void weigh(double scale, double[] weights, int count, Scratch scratch) {
    double[] out = scratch.out;
    if (scale != 1) {
      for (int i = 0; i < count; i++) {
        out[i] *= scale;
      }
    }
    for (int i = 0; weights != null && i < count; i++) {
      out[i] = weights[i] == 0 ? 0 : weights[i] * out[i];
    }
  }
}
