package org.stableops.op;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.stableops.ValueAndGradient;

/**
 * Elementwise arithmetic on a host's floating arrays of one shape. Formulas are written in it, so
 * that they stand once for all hosts.
 *
 * <p>A result has the dtype of the first floating argument, and is a new array, or that argument
 * itself where nothing changes. Arguments stay as they are. Whoever makes the algebra owns its
 * arrays, results included. NaN in the first argument is NaN in the result, also where the host's
 * own minimum and maximum drop it.
 *
 * @param <A> the host's arrays; conditions are arrays of its truth values
 */
public interface Algebra<A> {
  /** x + y. */
  A add(A x, A y);

  /** x + y. */
  A add(A x, double y);

  /** x − y. */
  A subtract(A x, A y);

  /** xy. */
  A multiply(A x, A y);

  /** xy. */
  A multiply(A x, double y);

  /** x/y. */
  A divide(A x, A y);

  /** x/y. */
  A divide(A x, double y);

  /** x/y. */
  A divide(double x, A y);

  /** −x. */
  A negate(A x);

  /** |x|. */
  A abs(A x);

  /** −|x|. */
  default A minusAbs(A x) {
    return freeing(abs(x), this::negate);
  }

  /** √x. */
  A sqrt(A x);

  /** e^x. */
  A exp(A x);

  /** log x. */
  A log(A x);

  /** sinh x. */
  A sinh(A x);

  /** log(1 + x), for x ≥ −½, to the last digits of small x. */
  A log1p(A x);

  /**
   * log(1 + e^x), to the last digits for x ≤ 0, and to more than float32 has above; perhaps in
   * float64.
   */
  A log1pExp(A x);

  /**
   * log(1 + e^x) in the dtype of x, to the last digits, for x ≤ 0 in a result that nothing else
   * needs: it may change, or is freed.
   */
  default A log1pExpOf(A own) {
    return freeing(own, this::log1pExp);
  }

  /** log(1 + e^x) of float64, for x from −16 to 700, to more digits than float32 has. */
  default A nearLog1pExp(A x) {
    return freeing(addTo(exp(x), 1), this::log);
  }

  /** The same of float32, for x up to 85, to a unit in its last place. */
  default A nearLog1pExpOfFloats(A x) {
    return freeing(addTo(nearExp(x), 1), this::log);
  }

  /** e^x of float32, in float64. */
  default A nearExp(A x) {
    return freeing(exp(x), this::toDouble);
  }

  /**
   * The same and its derivative, 1/(1 + e^{−x}), of a result that nothing else needs: it may
   * change, or is freed.
   */
  default ValueAndGradient<A> nearSoftplusOf(A own) {
    return nearSoftplusOfExp(freeing(own, this::exp));
  }

  /** The same of float32, with {@link #nearLog1pExpOfFloats}. */
  default ValueAndGradient<A> nearSoftplusOfFloats(A x) {
    return nearSoftplusOfExp(nearExp(x));
  }

  private ValueAndGradient<A> nearSoftplusOfExp(A t) {
    A onePlusT = add(t, 1);
    A derivative = divideBy(t, onePlusT);
    return new ValueAndGradient<>(freeing(onePlusT, this::log), derivative);
  }

  /** That derivative alone, with the same bits. */
  default A nearSigmoidOf(A own) {
    A t = freeing(own, this::exp);
    return freeing(add(t, 1), onePlusT -> divideBy(t, onePlusT));
  }

  /** 1/(1 + e^{−x}), of float64, for x &gt; −700. */
  A sigmoid(A x);

  /** −1, 0 or 1; for NaN any of them. */
  A sign(A x);

  /** The larger of x and y. */
  A max(A x, A y);

  /** The smaller of x and y. */
  A min(A x, A y);

  /** The larger of x and a number. */
  A atLeast(A x, double least);

  /** The smaller of x and a number. */
  A atMost(A x, double most);

  /** The smaller of x and a number; NaN stays so or becomes the number, whatever is faster. */
  A atMostOrNaN(A x, double most);

  /** x &lt; y. */
  A isLess(A x, double y);

  /** x &lt; y. */
  A isLess(A x, A y);

  /** x &gt; y. */
  A isMore(A x, double y);

  /** x = y. */
  A isEqual(A x, double y);

  /** x = y. */
  A isEqual(A x, A y);

  /** Whether x is NaN. */
  A isNaN(A x);

  /** Whether x is +inf or −inf. */
  A isInfinite(A x);

  /** The elements of {@code yes} where a condition is true, else those of {@code no}. */
  A select(A condition, A yes, A no);

  /** The elements where a weight is more than 0, else 0, even for NaN. */
  default A whereCounted(A weights, A elements) {
    return whereCounted(weights, elements, 0);
  }

  /** The elements where a weight is more than 0, else a number, even for NaN. */
  default A whereCounted(A weights, A elements, double other) {
    return select(isMore(weights, 0), elements, constant(other, elements));
  }

  /** 0 where x is NaN, else x, which must be a result that nothing else needs: it may change. */
  A nanToZero(A x);

  /** A number that stands for every element of x, as an argument beside arrays like x. */
  A constant(double number, A x);

  /** A function of the elements in Java: of what is no result, for it is read back. */
  A onHost(A x, DoubleUnaryOperator function);

  /**
   * A function of the elements of two arrays in Java: of what is no result, for it is read back.
   */
  A onHost(A x, A y, DoubleBinaryOperator function);

  /** The same elements. */
  A copy(A x);

  /** Whether the elements are of float64, and not of float32. */
  boolean isDouble(A x);

  /** Whether two passes over x in float32 take less time than one in float64. */
  default boolean prefersFloat(A x) {
    return false;
  }

  /** The same elements in float64. */
  A toDouble(A x);

  /** The elements of x in the dtype of another array, each rounded once; 0 or 1 of a condition. */
  A toTypeOf(A other, A x);

  /** Whether x has the dtype of another array: {@link #toTypeOf} is then x itself. */
  boolean hasTypeOf(A other, A x);

  /** Frees a result that nothing needs any more, before the algebra's owner does; no constant. */
  void free(A x);

  /** x + y in a result that nothing else needs: it may change, and is the sum or freed. */
  default A addTo(A own, A y) {
    return freeing(own, x -> add(x, y));
  }

  /** The same with a number. */
  default A addTo(A own, double y) {
    return freeing(own, x -> add(x, y));
  }

  /** x − y in a result that nothing else needs: it may change, and is the difference or freed. */
  default A subtractFrom(A own, A y) {
    return freeing(own, x -> subtract(x, y));
  }

  /**
   * x − y in the result y, which nothing else needs: it may change, and is the difference or freed.
   */
  default A subtractedBy(A x, A own) {
    return freeing(own, y -> subtract(x, y));
  }

  /** xy in a result that nothing else needs: it may change, and is the product or freed. */
  default A multiplyBy(A own, A y) {
    return freeing(own, x -> multiply(x, y));
  }

  /** The same with a number. */
  default A multiplyBy(A own, double y) {
    return freeing(own, x -> multiply(x, y));
  }

  /** x/y in a result that nothing else needs: it may change, and is the quotient or freed. */
  default A divideBy(A own, A y) {
    return freeing(own, x -> divide(x, y));
  }

  /** 1/(1 + e^{−x}) of float32, rounded once: float32 itself would be 2.5 ulp off. */
  default A narrowSigmoid(A x) {
    A wide = toDouble(x);
    A sigmoid = freeing(wide, this::sigmoid);
    return freeing(sigmoid, each -> toTypeOf(x, each));
  }

  /** Computes with an array, and frees it. */
  default A freeing(A x, UnaryOperator<A> formula) {
    A result = formula.apply(x);
    if (result != x) {
      free(x);
    }
    return result;
  }
}
