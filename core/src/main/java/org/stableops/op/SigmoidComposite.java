package org.stableops.op;

import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.kernel.SigmoidCrossEntropyKernel;

/**
 * The cross-entropy of yes or no by primitives, in float64; the formulas are those of {@link
 * SigmoidCrossEntropyKernel}. What is infinite and counts nothing is NaN before it is made 0; a NaN
 * that was there before is put back by L.
 */
public final class SigmoidComposite implements ElementLoss.LossComposite {
  /** Exponents from here on make every product 0; inf times 0 would not be. */
  private static final double VANISHED = 4000;

  /** From here on e^{−x} is about to be subnormal, and what it loses a weight would show. */
  private static final double HALVED = 700;

  /** A factor that splits a double into two halves. */
  private static final double SPLITTER = 0x1p27 + 1;

  private final BinaryCrossEntropyOptions options;
  private final double gamma;

  private SigmoidComposite(BinaryCrossEntropyOptions options) {
    this.options = options;
    gamma = options.focalGamma();
  }

  /**
   * Returns the loss.
   *
   * @param options any
   * @return that of logits and targets in [0, 1]
   */
  public static ElementLoss of(BinaryCrossEntropyOptions options) {
    int weights = options.positiveWeights().length;
    return new ElementLoss(
        "SigmoidCrossEntropy",
        new ElementLoss.Names("logits", null, "targets"),
        options.reduction(),
        weights > 1 ? weights : 0,
        SigmoidCrossEntropyKernel.of(options),
        new SigmoidComposite(options));
  }

  /** With options float32 would lose more digits than there are to lose. */
  @Override
  public ElementLoss.LossComposite within(double least, double most) {
    BinaryCrossEntropyOptions plain =
        BinaryCrossEntropyOptions.DEFAULT.withReduction(options.reduction());
    double largest = Math.max(-least, most);
    boolean isNarrow = largest <= NarrowSigmoid.FAR && options.equals(plain);
    if (!isNarrow) {
      return this;
    }
    NarrowSigmoid narrow = new NarrowSigmoid(this);
    return largest <= NearSigmoid.NEAR ? new NearSigmoid(narrow) : narrow;
  }

  @Override
  public <A> A value(RowAlgebra<A> m, A x, A companion, A y) {
    Terms<A> terms = new Terms<>(m, x, m.toDouble(y));
    return terms.sum(terms::value);
  }

  @Override
  public <A> A gradient(RowAlgebra<A> m, A x, A companion, A y) {
    Terms<A> terms = new Terms<>(m, x, m.toDouble(y));
    return terms.sum(terms::gradient);
  }

  @Override
  public <A> A secondDerivative(RowAlgebra<A> m, A x, A companion, A y) {
    Terms<A> terms = new Terms<>(m, x, m.toDouble(y));
    return terms.sum(terms::secondDerivative);
  }

  /**
   * F or a derivative of it: of a logit, max(−x, 0), and c; ±1 is the sign of a first derivative.
   */
  private interface Term<A> {
    A of(A x, A negativePart, A c, double sign);
  }

  /** What the terms of both answers share. */
  private final class Terms<A> {
    private final RowAlgebra<A> m;
    private final A x;
    private final A y;

    /** t = e^{−|x|}. */
    private final A t;

    /** L = log(1 + t). */
    private final A log;

    private final A onePlusT;

    /** Whether a weight may magnify a subnormal number; of float32 such numbers are 0. */
    private final boolean hasTail;

    Terms(RowAlgebra<A> m, A logits, A y) {
      this.m = m;
      hasTail = gamma == 0 && options.positiveWeights().length > 0 && m.isDouble(logits);
      x = m.toDouble(logits);
      this.y = y;
      A minusAbs = m.minusAbs(x);
      t = m.exp(minusAbs);
      log = m.log1pExpOf(minusAbs);
      onePlusT = m.add(t, 1);
    }

    /** The term of yes, that of no, and 0·L. */
    A sum(Term<A> term) {
      A positivePart = m.atLeast(x, 0);
      A minusX = m.negate(x);
      A negativePart = m.atLeast(minusX, 0);
      A yes = m.nanToZero(term.of(x, negativePart, yes(), 1));
      A no = m.nanToZero(term.of(minusX, positivePart, no(), -1));
      return m.add(m.add(yes, no), m.multiply(log, 0));
    }

    /** c₊ = w·α·((1−s)·y + s/2). */
    private A yes() {
      A smoothed = smoothed(y, options.focalAlpha().orElse(1));
      double[] weights = options.positiveWeights();
      return switch (weights.length) {
        case 0 -> smoothed;
        case 1 -> m.multiply(smoothed, weights[0]);
        default -> m.multiply(smoothed, m.alongClasses(weights, y));
      };
    }

    /** c₋ = (1−α)·((1−s)·(1−y) + s/2). */
    private A no() {
      boolean isBalanced = options.focalAlpha().isPresent();
      double share = isBalanced ? 1 - options.focalAlpha().getAsDouble() : 1;
      return smoothed(m.add(m.negate(y), 1), share);
    }

    private A smoothed(A target, double share) {
      double s = options.labelSmoothing();
      A smoothed = s == 0 ? target : m.add(m.multiply(target, 1 - s), s / 2);
      return m.multiply(smoothed, share);
    }

    /** c·e^{−γN}·P. */
    A value(A logit, A negativePart, A c, double sign) {
      A loss = timesFocus(m.multiply(c, m.add(negativePart, log)), logit);
      return hasTail ? withTail(loss, logit, c) : loss;
    }

    /** Where e^{−x} is about to be subnormal, c·e^{−x} by its square root. */
    private A withTail(A term, A logit, A c) {
      A half = m.exp(m.multiply(logit, -0.5));
      return m.select(m.isMore(logit, HALVED), m.multiply(m.multiply(c, half), half), term);
    }

    /** −c·e^{−γN}·(q + γpP). */
    A gradient(A logit, A negativePart, A c, double sign) {
      A factor = numerator(m.negate(logit));
      if (gamma != 0) {
        A product = m.multiply(numerator(logit), m.add(negativePart, log));
        factor = m.add(factor, m.multiply(m.nanToZero(product), gamma));
      }
      A signed = m.multiply(c, -sign);
      A gradient = timesFocus(m.multiply(signed, m.divide(factor, onePlusT)), logit);
      return hasTail ? withTail(gradient, logit, signed) : gradient;
    }

    /** c·e^{−γN}·p·(q(1 + 2γ) + γP(γp − q)), p as the square of what is not subnormal before. */
    A secondDerivative(A logit, A negativePart, A c, double sign) {
      A ofQ = numerator(m.negate(logit));
      A factor = m.multiply(ofQ, 1 + 2 * gamma);
      if (gamma != 0) {
        A difference = m.subtract(m.multiply(numerator(logit), gamma), ofQ);
        A product = m.multiply(m.multiply(m.add(negativePart, log), gamma), difference);
        factor = m.add(factor, product);
      }
      A quotient = m.divide(m.divide(factor, onePlusT), onePlusT);
      A half = m.exp(m.multiply(negativePart, -0.5));
      A second = timesFocus(m.multiply(m.multiply(m.multiply(c, quotient), half), half), logit);
      return hasTail ? withTail(second, logit, c) : second;
    }

    /** (1 + t)·p of x, and of −x (1 + t)·q. */
    private A numerator(A logit) {
      return m.select(m.isLess(logit, 0), t, m.constant(1, t));
    }

    /**
     * The product with e^{−γ·softplus(x)} = e^{−γ·max(x, 0)}·e^{−γL}. A rounded exponent would lose
     * as many ulp as it is large: so max(x, 0) and γ are split into halves whose product is exact.
     * The root of the first twice, for the whole may be subnormal.
     */
    private A timesFocus(A factor, A logit) {
      if (gamma == 0) {
        return factor;
      }
      double highGamma = gamma * SPLITTER - (gamma * SPLITTER - gamma);
      A part = m.atMost(m.atLeast(logit, 0), VANISHED / Math.min(gamma, 1));
      A spread = m.multiply(part, SPLITTER);
      A high = m.subtract(spread, m.subtract(spread, part));
      A low = m.subtract(part, high);
      A rest =
          m.add(m.multiply(low, highGamma), m.add(m.multiply(part, gamma - highGamma), ofLog()));
      A root = m.exp(m.multiply(high, -highGamma / 2));
      return m.multiply(m.multiply(m.multiply(factor, m.exp(m.negate(rest))), root), root);
    }

    private A ofLog() {
      return m.multiply(log, gamma);
    }
  }
}
