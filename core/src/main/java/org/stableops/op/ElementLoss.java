package org.stableops.op;

import java.util.Arrays;
import org.stableops.Reduction;
import org.stableops.internal.Shapes;
import org.stableops.kernel.ElementLossKernel;
import org.stableops.kernel.RowLosses;

/**
 * A loss of each element from an argument and its target, with its options: all that the hosts need
 * to know of it.
 *
 * @param name that of the public classes, such as {@code SigmoidCrossEntropy}
 * @param argument what the argument is called, such as {@code logits}
 * @param targets what the targets are called
 * @param reduction how the losses become the result
 * @param weightsOfLastAxis how many elements the last axis must have, or 0 for any number
 * @param kernel the loss and its derivatives over the memory of arrays
 * @param composite the same in a host's primitives
 */
public record ElementLoss(
    String name,
    String argument,
    String targets,
    Reduction reduction,
    int weightsOfLastAxis,
    ElementLossKernel kernel,
    LossComposite composite) {

  /** The formulas by primitives, on rows of the last axis of float32 or float64. */
  public interface LossComposite {
    /** The loss of each element. */
    <A> A value(RowAlgebra<A> m, A x, A y);

    /** Its derivative by x. */
    <A> A gradient(RowAlgebra<A> m, A x, A y);

    /** Its second derivative by x. */
    <A> A secondDerivative(RowAlgebra<A> m, A x, A y);
  }

  /** The same loss with another reduction. */
  public ElementLoss withReduction(Reduction newReduction) {
    return new ElementLoss(
        name, argument, targets, newReduction, weightsOfLastAxis, kernel, composite);
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
    requireShape(targets, ofTargets, ofArgument);
    long last = ofArgument.length == 0 ? 1 : ofArgument[ofArgument.length - 1];
    if (weightsOfLastAxis > 0 && weightsOfLastAxis != last) {
      throw new IllegalArgumentException(
          "positiveWeights must have 1 element, or one for each of the last axis of %s, %s, got %d"
              .formatted(argument, Shapes.text(ofArgument), weightsOfLastAxis));
    }
  }

  /** Checks the shape of something that each element has one of. */
  public void requireShape(String of, long[] actual, long[] expected) {
    if (!Arrays.equals(actual, expected)) {
      throw new IllegalArgumentException(
          "%s shape %s must equal %s shape %s"
              .formatted(of, Shapes.text(actual), argument, Shapes.text(expected)));
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
