package org.stableops.integration.oracle;

import static java.math.BigDecimal.ONE;
import static java.math.BigDecimal.ZERO;
import static org.stableops.integration.oracle.BigFunctions.DIGITS;
import static org.stableops.integration.oracle.BigFunctions.divide;
import static org.stableops.integration.oracle.BigFunctions.exp;
import static org.stableops.integration.oracle.BigFunctions.expm1;
import static org.stableops.integration.oracle.BigFunctions.log;
import static org.stableops.integration.oracle.BigFunctions.log1p;
import static org.stableops.integration.oracle.BigFunctions.sqrt;

import java.math.BigDecimal;
import java.util.function.BinaryOperator;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/** The four elementwise operators by definition, for finite arguments inside the domain. */
public enum ElementwiseFunction {
  /** log(1 + e^{βx})/β. */
  SOFTPLUS(
      Operators.SOFTPLUS,
      false,
      new double[] {1, 0.1, 1.0 / 3, 0.25, 1.7, 20},
      new double[] {0, -37, -70, -87.3, -103.9, -700, -708.4, -745, 20, 37, 88.7, 709.7},
      ElementwiseFunction::softplus,
      ElementwiseFunction::sigmoid,
      ElementwiseFunction::softplusCurvature,
      ElementwiseFunction::softplusByBeta),

  /** log(e^{βx} − 1)/β. */
  SOFTPLUS_INVERSE(
      Operators.SOFTPLUS_INVERSE,
      true,
      new double[] {1, 0.1, 1.0 / 3, 0.25, 1.7, 20},
      new double[] {Math.log(2), 0.4, 0.35, 1.1, 1e-30, 1e-290, 1, 20, 37, 88.7, 709.7},
      ElementwiseFunction::softplusInverse,
      (x, beta) -> divide(ONE, expm1(x.multiply(beta).negate()).negate()),
      ElementwiseFunction::softplusInverseCurvature,
      ElementwiseFunction::softplusInverseByBeta),

  /** (x + √(x² + b))/2. */
  SQUAREPLUS(
      Operators.SQUAREPLUS,
      false,
      new double[] {4, 0, 1e-6, 1, 1.9218120556728056, 1e6, 1e-35, 1e50, 1e-320, 1e300},
      new double[] {0, 1, 2, 5e3, 1e8},
      ElementwiseFunction::squareplus,
      ElementwiseFunction::squareplusGradient,
      ElementwiseFunction::squareplusCurvature,
      (x, b) -> divide(ONE, root(x, b).multiply(BigDecimal.valueOf(4)))),

  /** x − b/(4x). */
  SQUAREPLUS_INVERSE(
      Operators.SQUAREPLUS_INVERSE,
      true,
      new double[] {4, 0, 1e-6, 1, 1.9218120556728056, 1e6, 1e-35, 1e50, 1e-320, 1e300},
      new double[] {0.25, 0.5, 1, 2, 5e3, 1e8},
      (x, b) -> x.subtract(divide(b, x.multiply(BigDecimal.valueOf(4)))),
      (x, b) -> ONE.add(divide(b, x.multiply(x).multiply(BigDecimal.valueOf(4)))),
      (x, b) -> divide(b, x.multiply(x).multiply(x).multiply(BigDecimal.valueOf(-2))),
      (x, b) -> divide(ONE, x.multiply(BigDecimal.valueOf(-4))));

  private static final BigDecimal FAR = BigDecimal.valueOf(1000);
  private static final BigDecimal HALF = new BigDecimal("0.5");
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  private final Elementwise operator;
  private final boolean positiveDomain;
  private final double[] parameters;
  private final double[] branchPoints;
  private final BinaryOperator<BigDecimal> value;
  private final BinaryOperator<BigDecimal> gradient;
  private final BinaryOperator<BigDecimal> secondDerivative;
  private final BinaryOperator<BigDecimal> parameterGradient;

  ElementwiseFunction(
      Elementwise operator,
      boolean positiveDomain,
      double[] parameters,
      double[] branchPoints,
      BinaryOperator<BigDecimal> value,
      BinaryOperator<BigDecimal> gradient,
      BinaryOperator<BigDecimal> secondDerivative,
      BinaryOperator<BigDecimal> parameterGradient) {
    this.operator = operator;
    this.positiveDomain = positiveDomain;
    this.parameters = parameters;
    this.branchPoints = branchPoints;
    this.value = value;
    this.gradient = gradient;
    this.secondDerivative = secondDerivative;
    this.parameterGradient = parameterGradient;
  }

  /**
   * Returns the operator.
   *
   * @return what is to compute this
   */
  public Elementwise operator() {
    return operator;
  }

  /**
   * Returns the exact value.
   *
   * @param x a finite argument in the domain
   * @param parameter β or b
   * @return f(x)
   */
  public Exact value(double x, double parameter) {
    return Exact.of(value.apply(new BigDecimal(x), new BigDecimal(parameter)));
  }

  /**
   * Returns the exact derivative.
   *
   * @param x a finite argument in the domain
   * @param parameter β or b
   * @return f′(x)
   */
  public Exact gradient(double x, double parameter) {
    return Exact.of(gradient.apply(new BigDecimal(x), new BigDecimal(parameter)));
  }

  /**
   * Returns the exact second derivative.
   *
   * @param x a finite argument in the domain
   * @param parameter β or b
   * @return f″(x)
   */
  public Exact secondDerivative(double x, double parameter) {
    return Exact.of(secondDerivative.apply(new BigDecimal(x), new BigDecimal(parameter)));
  }

  /**
   * Returns the exact derivative by the parameter.
   *
   * @param x a finite argument in the domain
   * @param parameter β or b, not 0 together with x
   * @return ∂f/∂β or ∂f/∂b
   */
  public Exact parameterGradient(double x, double parameter) {
    return Exact.of(parameterGradient.apply(new BigDecimal(x), new BigDecimal(parameter)));
  }

  /**
   * Tells whether the domain is the positive numbers, or all.
   *
   * @return true for the two inverses
   */
  public boolean hasPositiveDomain() {
    return positiveDomain;
  }

  /**
   * Tells whether the parameter is β.
   *
   * @return true for softplus and its inverse, false where it is b
   */
  public boolean isOfBeta() {
    return operator.parameter().name().equals("beta");
  }

  /**
   * Returns the parameters to test with, the default first.
   *
   * @return values of β or b
   */
  public double[] parameters() {
    return parameters.clone();
  }

  /**
   * Returns where an implementation may switch formulas.
   *
   * @param parameter β or b
   * @return arguments x
   */
  public double[] branchPoints(double parameter) {
    double[] points = branchPoints.clone();
    for (int i = 0; i < points.length; i++) {
      points[i] = isOfBeta() ? points[i] / parameter : points[i] * Math.sqrt(parameter) / 2;
    }
    return points;
  }

  private static BigDecimal softplus(BigDecimal x, BigDecimal beta) {
    BigDecimal p = x.multiply(beta);
    BigDecimal tail = divide(log1p(exp(p.abs().negate())), beta);
    return p.signum() > 0 ? x.add(tail) : tail;
  }

  private static BigDecimal sigmoid(BigDecimal x, BigDecimal beta) {
    BigDecimal p = x.multiply(beta);
    BigDecimal t = exp(p.abs().negate());
    return divide(p.signum() < 0 ? t : ONE, ONE.add(t));
  }

  /** β·t/(1 + t)², t = e^{−|βx|}. */
  private static BigDecimal softplusCurvature(BigDecimal x, BigDecimal beta) {
    BigDecimal t = exp(x.multiply(beta).abs().negate());
    BigDecimal onePlusT = ONE.add(t);
    return divide(beta.multiply(t), onePlusT.multiply(onePlusT));
  }

  /** −β·e^−p/(1 − e^−p)², p = βx. */
  private static BigDecimal softplusInverseCurvature(BigDecimal x, BigDecimal beta) {
    BigDecimal p = x.multiply(beta);
    BigDecimal w = expm1(p.negate());
    return divide(divide(beta.negate().multiply(exp(p.negate())), w), w);
  }

  /** b/(2·(x² + b)·√(x² + b)). */
  private static BigDecimal squareplusCurvature(BigDecimal x, BigDecimal b) {
    BigDecimal square = x.multiply(x).add(b);
    return b.signum() == 0 ? ZERO : divide(divide(b, square), root(x, b).multiply(TWO));
  }

  private static BigDecimal softplusInverse(BigDecimal x, BigDecimal beta) {
    BigDecimal p = x.multiply(beta);
    // Beyond, e^−p is below the last digit next to x.
    return p.compareTo(FAR) > 0 ? x : divide(log(expm1(p)), beta);
  }

  /** x·σ(p)/β − log(1 + e^p)/β², p = βx, without the p that both have for positive x. */
  private static BigDecimal softplusByBeta(BigDecimal x, BigDecimal beta) {
    BigDecimal a = x.multiply(beta).abs();
    BigDecimal t = exp(a.negate());
    BigDecimal sum = divide(a.multiply(t), ONE.add(t)).add(log1p(t));
    return divide(sum.negate(), beta.multiply(beta));
  }

  /** x/(β·(1 − e^−p)) − log(e^p − 1)/β², p = βx, without the p that both have. */
  private static BigDecimal softplusInverseByBeta(BigDecimal x, BigDecimal beta) {
    BigDecimal p = x.multiply(beta);
    BigDecimal t = exp(p.negate());
    BigDecimal w = expm1(p.negate()).negate();
    BigDecimal log = t.compareTo(HALF) < 0 ? log1p(t.negate()) : log(w);
    return divide(divide(p.multiply(t), w).subtract(log), beta.multiply(beta));
  }

  private static BigDecimal squareplus(BigDecimal x, BigDecimal b) {
    BigDecimal root = root(x, b);
    BigDecimal h = x.abs().add(root);
    BigDecimal small = h.signum() == 0 ? ZERO : divide(b, h.multiply(TWO));
    return x.max(ZERO).add(small);
  }

  private static BigDecimal squareplusGradient(BigDecimal x, BigDecimal b) {
    BigDecimal root = root(x, b);
    if (root.signum() == 0) {
      return new BigDecimal("0.5");
    }
    BigDecimal ratio = divide(b, root.multiply(x.abs().add(root), DIGITS).multiply(TWO));
    return x.signum() > 0 ? ONE.subtract(ratio) : ratio;
  }

  private static BigDecimal root(BigDecimal x, BigDecimal b) {
    return sqrt(x.multiply(x).add(b));
  }
}
