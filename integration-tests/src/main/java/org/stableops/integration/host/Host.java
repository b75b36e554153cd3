package org.stableops.integration.host;

import java.util.List;
import org.stableops.PositiveTransform;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** A framework with the operators on it. Every number given must be one of the format. */
public interface Host {
  /** All hosts. */
  List<Host> ALL = List.of(new DjlHost(), new Nd4jHost());

  /**
   * Returns the host's name.
   *
   * @return a short name
   */
  String name();

  /**
   * Returns the dtypes that the operators take here.
   *
   * @return the formats
   */
  List<Format> formats();

  /**
   * Computes an operator.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameter β or b
   * @param format the dtype
   * @return f(x)
   */
  double[] value(ElementwiseFunction function, double[] x, double parameter, Format format);

  /**
   * Computes the explicit gradient of an operator.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameter β or b
   * @param format the dtype
   * @return f′(x)
   */
  double[] gradient(ElementwiseFunction function, double[] x, double parameter, Format format);

  /**
   * Computes the second derivative of an operator.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameter β or b
   * @param format the dtype
   * @return f″(x)
   */
  double[] secondDerivative(
      ElementwiseFunction function, double[] x, double parameter, Format format);

  /**
   * Computes what training sees.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameter β or b
   * @param upstream the gradient of the loss to the operator's value
   * @param format the dtype
   * @return the gradient of the loss to x, by the host's own differentiation
   */
  double[] backprop(
      ElementwiseFunction function, double[] x, double parameter, double[] upstream, Format format);

  /**
   * An operator whose parameter is an array, with its derivatives by both.
   *
   * @param value f(x; p)
   * @param gradient ∂f/∂x
   * @param parameterGradient ∂f/∂p
   */
  record Parametric(double[] value, double[] gradient, double[] parameterGradient) {}

  /**
   * Computes an operator whose parameter is an array, and its explicit gradients.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameters β or b, one for each
   * @param format the dtype of both
   * @return value and gradients
   */
  Parametric parametric(
      ElementwiseFunction function, double[] x, double[] parameters, Format format);

  /**
   * Computes what training sees of the same.
   *
   * @param function the operator
   * @param x the arguments
   * @param parameters β or b, one for each
   * @param format the dtype of both
   * @return the value, and the gradients of its sum by the host's own differentiation
   */
  Parametric parametricBackprop(
      ElementwiseFunction function, double[] x, double[] parameters, Format format);

  /**
   * A loss and its gradient.
   *
   * @param loss one number, or one a row
   * @param gradient one number an element
   */
  record Loss(double[] loss, double[] gradient) {}

  /**
   * Computes the cross-entropy, by {@code value} and by {@code gradient}.
   *
   * @param problem logits, labels or probabilities, and options
   * @param format the dtype
   * @return the loss and the explicit gradient
   */
  Loss crossEntropy(CrossEntropyCase problem, Format format);

  /**
   * Computes what training sees of the cross-entropy.
   *
   * @param problem logits, labels or probabilities, and options
   * @param upstream one number an element of the loss
   * @param format the dtype
   * @return the loss, and the gradient of Σ upstream·loss by the host's own differentiation
   */
  Loss crossEntropyBackprop(CrossEntropyCase problem, double[] upstream, Format format);

  /**
   * Everything that {@code evaluate} tells.
   *
   * @param loss one number, or one a row
   * @param rowLosses one a row
   * @param logSumExp one a row
   * @param zLoss as loss
   * @param weight that of the rows that count
   */
  record Evaluation(
      double[] loss, double[] rowLosses, double[] logSumExp, double[] zLoss, double weight) {}

  /**
   * Evaluates the cross-entropy.
   *
   * @param problem logits, labels or probabilities, and options
   * @param format the dtype
   * @return everything that is known of it
   */
  Evaluation evaluate(CrossEntropyCase problem, Format format);

  /**
   * Computes the cross-entropy by {@code valueAndGradient}.
   *
   * @param problem logits, labels or probabilities, and options
   * @param format the dtype
   * @return the loss and the explicit gradient
   */
  Loss crossEntropyInOnePass(CrossEntropyCase problem, Format format);

  /**
   * Second derivatives of a cross-entropy, one number an element.
   *
   * @param product the Hessian times a direction
   * @param diagonal of the Hessian
   */
  record Hessian(double[] product, double[] diagonal) {}

  /**
   * Computes second derivatives of the cross-entropy.
   *
   * @param problem logits, labels or probabilities, and options
   * @param direction one number an element
   * @param format the dtype
   * @return what is known of the Hessian
   */
  Hessian hessian(CrossEntropyCase problem, double[] direction, Format format);

  /**
   * A value, its explicit gradient, and what training sees.
   *
   * @param value of log-sum-exp or log-softmax
   * @param gradient upstream × gradient, by {@code gradient}
   * @param backprop the same, by the host's own differentiation
   */
  record Differentiated(double[] value, double[] gradient, double[] backprop) {}

  /**
   * Computes log-sum-exp.
   *
   * @param x the elements in row-major order
   * @param shape the shape of x
   * @param axis the axis to sum along
   * @param format the dtype
   * @return value and gradients for an upstream of ones
   */
  Differentiated logSumExp(double[] x, long[] shape, int axis, Format format);

  /**
   * Computes log-softmax.
   *
   * @param x the elements in row-major order
   * @param shape the shape of x
   * @param axis the axis of the classes
   * @param upstream one number an element
   * @param format the dtype
   * @return value and gradients
   */
  Differentiated logSoftmax(double[] x, long[] shape, int axis, double[] upstream, Format format);

  /**
   * A positive transform of raw values: explicit results, and what training sees.
   *
   * @param value l + f(r)
   * @param gradient f′(r)
   * @param backprop the gradient of Σ value by the host's own differentiation
   * @param logDerivative log f′(r)
   * @param logDerivativeBackprop the gradient of Σ log f′(r) by the host's own differentiation
   */
  record Transformed(
      double[] value,
      double[] gradient,
      double[] backprop,
      double[] logDerivative,
      double[] logDerivativeBackprop) {}

  /**
   * Transforms raw values.
   *
   * @param transform any
   * @param raw the raw values
   * @param format the dtype
   * @return everything that comes of them
   */
  Transformed transformed(PositiveTransform transform, double[] raw, Format format);

  /**
   * Inverts a positive transform.
   *
   * @param transform any
   * @param values above its lower bound
   * @param format the dtype
   * @return the raw values
   */
  double[] inverse(PositiveTransform transform, double[] values, Format format);
}
