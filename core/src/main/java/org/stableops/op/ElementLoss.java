package org.stableops.op;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.internal.ParameterShape;
import org.stableops.internal.Shapes;
import org.stableops.kernel.ElementLossKernel;
import org.stableops.kernel.ElementLossKernel.Derivative;
import org.stableops.kernel.RowLosses;

/**
 * A loss of each element from an argument and its target, with its options: all that the hosts need
 * to know of it.
 *
 * @param name that of the public classes, such as {@code SigmoidCrossEntropy}
 * @param names what the arrays are called
 * @param reduction how the losses become the result
 * @param weightsOfLastAxis how many elements the last axis must have, or 0 for any number
 * @param kernel the loss and its derivatives over the memory of arrays
 * @param composite the same in a host's primitives
 */
public record ElementLoss(
    String name,
    Names names,
    Reduction reduction,
    int weightsOfLastAxis,
    ElementLossKernel kernel,
    LossComposite composite) {

  /**
   * What the arrays of a loss are called.
   *
   * @param argument such as {@code logits}
   * @param companion what the loss takes beside argument and targets, such as {@code exposure}, or
   *     null
   * @param targets such as {@code labels}
   */
  public record Names(String argument, @Nullable String companion, String targets) {}

  /**
   * The formulas by primitives, on rows of the last axis of float32 or float64. A companion is null
   * for 1 everywhere.
   */
  public interface LossComposite {
    /** The loss of each element. */
    <A> A value(RowAlgebra<A> m, A x, A companion, A y);

    /** Its derivative by x. */
    <A> A gradient(RowAlgebra<A> m, A x, A companion, A y);

    /** Its second derivative by x. */
    <A> A secondDerivative(RowAlgebra<A> m, A x, A companion, A y);

    /** Its derivative by the companion. */
    default <A> A companionGradient(RowAlgebra<A> m, A x, A companion, A y) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** Its second derivative by the companion. */
    default <A> A companionSecond(RowAlgebra<A> m, A x, A companion, A y) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** Its derivative by x and the companion. */
    default <A> A mixed(RowAlgebra<A> m, A x, A companion, A y) {
      throw new UnsupportedOperationException("this loss has no gradient by a companion");
    }

    /** Twice what the loss is above that of the best prediction. */
    default <A> A deviance(RowAlgebra<A> m, A x, A companion, A y) {
      throw new UnsupportedOperationException("this loss has no deviance");
    }

    /**
     * The loss and its derivative by x, which may share what both need: two new arrays, which may
     * change.
     */
    default <A> ValueAndGradient<A> both(RowAlgebra<A> m, A x, A companion, A y) {
      return new ValueAndGradient<>(value(m, x, companion, y), gradient(m, x, companion, y));
    }

    /** The same in float32 for arguments between two numbers, where that is faster; else this. */
    default LossComposite within(double least, double most) {
      return this;
    }

    /** Whether there are arguments for which float32 is faster. */
    default boolean hasNarrow() {
      return within(0, 0) != this;
    }

    /** One of them. */
    default <A> A derivative(Derivative derivative, RowAlgebra<A> m, A x, A companion, A y) {
      return switch (derivative) {
        case GRADIENT -> gradient(m, x, companion, y);
        case SECOND -> secondDerivative(m, x, companion, y);
        case BY_COMPANION -> companionGradient(m, x, companion, y);
        case BY_COMPANION_TWICE -> companionSecond(m, x, companion, y);
        case MIXED -> mixed(m, x, companion, y);
        case DEVIANCE -> deviance(m, x, companion, y);
      };
    }
  }

  /** What a block is called that takes a companion, such as {@code PoissonLossWithExposure}. */
  public String nameWithCompanion() {
    String companion = names.companion;
    return name
        + "With"
        + companion.substring(0, 1).toUpperCase(Locale.ROOT)
        + companion.substring(1);
  }

  /** How many arrays the loss needs: argument, targets, and perhaps a companion. */
  public int inputs() {
    return hasCompanionGradient() ? 3 : 2;
  }

  /** Whether there is a gradient by the companion, without which a call then makes no sense. */
  public boolean hasCompanionGradient() {
    return kernel.hasCompanionGradient();
  }

  /** Whether a call may have so many companions. */
  public boolean takesCompanions(int count) {
    return hasCompanionGradient()
        ? count == 1
        : count == 0 || count == 1 && names.companion != null;
  }

  /** What the argument is called. */
  public String argument() {
    return names.argument;
  }

  /** What the targets are called. */
  public String targets() {
    return names.targets;
  }

  /** The same loss with another reduction. */
  public ElementLoss withReduction(Reduction newReduction) {
    return new ElementLoss(name, names, newReduction, weightsOfLastAxis, kernel, composite);
  }

  /** What the gradients of losses are multiplied by in that of the reduced one, given Σ a. */
  public double scale(double weight) {
    return RowLosses.scale(1, weight, reduction);
  }

  /** The sum or the mean of losses, given Σ a·loss and Σ a: 0 where that is 0. */
  public double reduced(double sum, double weight) {
    return RowLosses.scale(sum, weight, reduction);
  }

  /** Checks the shapes of an argument and of its targets. */
  public void requireShapes(long[] ofArgument, long[] ofTargets) {
    requireShape(names.targets, ofTargets, ofArgument);
    long last = ofArgument.length == 0 ? 1 : ofArgument[ofArgument.length - 1];
    if (weightsOfLastAxis > 0 && weightsOfLastAxis != last) {
      throw new IllegalArgumentException(
          "positiveWeights must have 1 element, or one for each element of the last axis of %s, %s, got %d"
              .formatted(names.argument, Shapes.text(ofArgument), weightsOfLastAxis));
    }
  }

  /** Checks the shape of the companion, which broadcasts against the argument. */
  public ParameterShape requireCompanion(long[] ofCompanion, long[] ofArgument) {
    return ParameterShape.of(names.companion, ofCompanion, names.argument, ofArgument);
  }

  /** Checks targets, companions and sample weights, and adds up the weights. */
  public double weight(ElementLossKernel.Batch batch) {
    return kernel.weight(new ElementLossKernel.Names(names.targets, names.companion), batch);
  }

  private void requireShape(String of, long[] actual, long[] ofArgument) {
    requireShape(of, actual, ofArgument, "");
  }

  /** Checks the shape of sample weights, of which each element has one. */
  public void requireSampleWeights(long[] actual, long[] ofArgument) {
    boolean areOfRows =
        ofArgument.length > 1
            && Shapes.size(actual) * ofArgument[ofArgument.length - 1] == Shapes.size(ofArgument);
    String hint = areOfRows ? ": repeat the weight of a row for each of its elements" : "";
    requireShape("sampleWeights", actual, ofArgument, hint);
  }

  private void requireShape(String of, long[] actual, long[] ofArgument, String hint) {
    if (!Arrays.equals(actual, ofArgument)) {
      throw new IllegalArgumentException(
          "%s shape %s must equal %s shape %s%s"
              .formatted(of, Shapes.text(actual), names.argument, Shapes.text(ofArgument), hint));
    }
  }

  /** The name in graphs of SameDiff. */
  public String graphName() {
    return GraphNames.of(name);
  }

  /** The name of the gradient in graphs of SameDiff. */
  public String gradientGraphName() {
    return GraphNames.gradient(graphName());
  }
}
