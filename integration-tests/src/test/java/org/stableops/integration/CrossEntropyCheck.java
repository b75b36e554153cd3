package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.stableops.CrossEntropyOptions;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/**
 * One cross-entropy on one host and path against its exact solution: value and gradient, and the
 * other forms that are asked for.
 */
public record CrossEntropyCheck(
    CrossEntropyCase problem,
    CrossEntropyCase.Solution exact,
    Format format,
    Host host,
    Path path,
    Measurements measurements) {

  /** The other ways to the same numbers. */
  enum Form {
    /** The host's own differentiation. */
    TRAINING,
    VALUE_AND_GRADIENT,
    EVALUATE
  }

  /** On every host that has the dtype, on both paths, in every form. */
  static void everywhere(CrossEntropyCase problem, Format format, Measurements measurements) {
    everywhere(problem, format, measurements, EnumSet.allOf(Form.class));
  }

  static void everywhere(
      CrossEntropyCase problem, Format format, Measurements measurements, Set<Form> forms) {
    CrossEntropyCase.Solution exact = problem.solve();
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        if (host.formats().contains(format)) {
          new CrossEntropyCheck(problem, exact, format, host, path, measurements).run(forms);
        }
      }
    }
  }

  private void run(Set<Form> forms) {
    Host.Loss actual = path.run(() -> host.crossEntropy(problem, format));
    check(actual);
    if (forms.contains(Form.TRAINING)) {
      // What training sees is the explicit gradient, to the bit.
      double[] ones = new double[actual.loss().length];
      Arrays.fill(ones, 1);
      assertSame(actual, path.run(() -> host.crossEntropyBackprop(problem, ones, format)));
    }
    if (forms.contains(Form.VALUE_AND_GRADIENT)) {
      assertSame(actual, path.run(() -> host.crossEntropyInOnePass(problem, format)));
    }
    if (forms.contains(Form.EVALUATE)) {
      checkEvaluation(actual.loss(), path.run(() -> host.evaluate(problem, format)));
    }
  }

  /** Checks a loss and a gradient, however they came about. */
  public void check(Host.Loss actual) {
    for (int i = 0; i < actual.loss().length; i++) {
      double error = lossError(actual.loss()[i], exact.losses()[i], exact.terms()[i]);
      boolean isOfRow = actual.loss().length == exact.gaps().length;
      double gap = isOfRow ? exact.gaps()[i] : Arrays.stream(exact.gaps()).max().orElse(0);
      measure("loss " + i, false, error, lossBar(gap));
    }
    checkGradient(actual.gradient());
  }

  private void assertSame(Host.Loss expected, Host.Loss actual) {
    assertArrayEquals(expected.loss(), actual.loss(), this::where);
    assertArrayEquals(expected.gradient(), actual.gradient(), this::where);
  }

  private String where() {
    return "%s %s %s %s of %s"
        .formatted(host.name(), path, format, problem.options(), Arrays.toString(problem.shape()));
  }

  private void measure(String what, boolean isGradient, double error, double bar) {
    assertTrue(error <= bar, () -> where() + ", " + what + ": error " + error);
    String operator = problem.labels() != null ? "SPARSE_CROSS_ENTROPY" : "CROSS_ENTROPY";
    measurements.add(
        new Measurements.Row(operator, host.name(), path, format), isGradient, error, bar);
  }

  private boolean isNarrow() {
    return format == Format.FLOAT16 || format == Format.BFLOAT16;
  }

  /** Whether the bars of integer labels without options hold. */
  private boolean isPlain() {
    CrossEntropyOptions options = problem.options();
    return problem.labels() != null
        && problem.sampleWeights() == null
        && options.labelSmoothing() == 0
        && options.zLoss() == 0
        && options.classWeights().length == 0;
  }

  private double lossBar(double gap) {
    return slack(gap)
        + (isPlain() || isNarrow() ? Tolerance.SPARSE_LOSS : Tolerance.DENSE_LOSS).of(format);
  }

  /**
   * What a composite in float32 itself may lose on a confident row, whose largest logit is ahead by
   * a gap: that of DJL, for integer labels.
   */
  private double slack(double gap) {
    boolean isInOwnDtype =
        path == Path.COMPOSITE
            && host.name().equals("DJL")
            && format == Format.FLOAT32
            && problem.labels() != null
            && problem.options().labelSmoothing() == 0;
    return isInOwnDtype ? 1 + gap : 0;
  }

  /** In ulp, or in ε·Σ|terms|. */
  private double lossError(double actual, Exact loss, double terms) {
    double ulps = format.ulps(actual, loss);
    // One ulp is the least that any bar can ask, where terms are about to be subnormal.
    boolean inUlps = isPlain() || isNarrow() || ulps <= 1;
    return inUlps ? ulps : Math.abs(actual - loss.nearest()) / (terms * format.epsilon());
  }

  private void checkGradient(double[] gradient) {
    Format wide = isNarrow() ? Format.FLOAT32 : format;
    for (int i = 0; i < gradient.length; i++) {
      if (exact.slope()[i] == 0) {
        assertEquals(0, gradient[i], this::where);
        continue;
      }
      double distance = Math.abs(gradient[i] - exact.gradient()[i].nearest());
      double ulps = format.ulps(gradient[i], exact.gradient()[i]);
      // A half type is rounded once; where p and q cancel, what is rounded has float32's error.
      boolean inUlps = (isPlain() && exact.isLabel()[i]) || ulps <= 1;
      double error = inUlps ? ulps : distance / (exact.slope()[i] * wide.epsilon());
      double bar =
          inUlps
              ? Tolerance.SPARSE_GRADIENT_AT_LABEL.of(format)
                  + slack(exact.gaps()[exact.rowOf()[i]])
              : Tolerance.GRADIENT.of(wide);
      measure("gradient " + i, true, error, bar);
    }
  }

  /** Checks an evaluation, however it came about, beside the loss of the same problem. */
  public void checkEvaluation(double[] loss, Host.Evaluation actual) {
    assertArrayEquals(loss, actual.loss(), this::where);
    assertEquals(exact.weight(), actual.weight(), 4 * Math.ulp(exact.weight()), this::where);
    for (int i = 0; i < actual.rowLosses().length; i++) {
      Exact row = exact.rowLosses()[i];
      measure(
          "row " + i,
          false,
          lossError(actual.rowLosses()[i], row, row.nearest()),
          lossBar(exact.gaps()[i]));
      checkLogSumExp(actual.logSumExp()[i], exact.logSumExp()[i]);
    }
    for (int i = 0; i < actual.zLoss().length; i++) {
      double error = lossError(actual.zLoss()[i], exact.zLosses()[i], exact.terms()[i]);
      // Without the rest of the loss, whose size is that of the rounding.
      assertTrue(error <= Tolerance.DENSE_LOSS.of(format), () -> where() + " z-loss " + error);
    }
  }

  /** Within the bar, or where it is almost 0, as accurate as the largest logit is given. */
  private void checkLogSumExp(double actual, Exact logSumExp) {
    double largest =
        Arrays.stream(problem.logits()).filter(Double::isFinite).map(Math::abs).max().orElse(0);
    double error = Math.abs(actual - logSumExp.nearest());
    boolean isRounded = format.ulps(actual, logSumExp) <= 1;
    Format wide = isNarrow() ? Format.FLOAT32 : format;
    double bar = Tolerance.LOG_SUM_EXP.of(wide) * wide.epsilon() * Math.max(largest, 1);
    assertTrue(isRounded || error <= bar, () -> where() + " log-sum-exp " + actual);
  }
}
