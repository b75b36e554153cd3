package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;

/** The Hessian of one cross-entropy on one host and path against its exact solution. */
public record HessianCheck(
    CrossEntropyCase problem,
    CrossEntropyCase.Curvature exact,
    Format format,
    Host host,
    Path path,
    Measurements measurements) {

  /** Checks product and diagonal, however they came about. */
  public void run(Host.Hessian actual) {
    for (int i = 0; i < actual.product().length; i++) {
      check("product " + i, actual.product()[i], exact.product()[i], exact.productTerms()[i], i);
      Exact diagonal = exact.diagonal()[i];
      double ulps = format.ulps(actual.diagonal()[i], diagonal);
      if (problem.options().zLoss() == 0 && exact.diagonalTerms()[i] > 0) {
        measure("diagonal " + i, ulps, Tolerance.HESSIAN_DIAGONAL.of(format));
      } else {
        check("diagonal " + i, actual.diagonal()[i], diagonal, exact.diagonalTerms()[i], i);
      }
    }
  }

  private Format wide() {
    return format == Format.FLOAT16 ? Format.FLOAT32 : format;
  }

  private void check(String what, double actual, Exact expected, double terms, int i) {
    if (terms == 0) {
      assertEquals(0.0, actual, () -> where() + " " + what);
      return;
    }
    double subnormal = format == Format.FLOAT64 ? exact.subnormal()[i] : 0;
    double ulps = format.ulps(actual, expected);
    double distance = Math.abs(actual - expected.nearest()) - subnormal;
    double error = distance <= 0 ? 0 : distance / (terms * wide().epsilon());
    measure(what, ulps <= 1 ? ulps : error, Tolerance.HESSIAN.of(wide()));
  }

  private void measure(String what, double error, double bar) {
    assertTrue(error <= bar, () -> where() + ", " + what + ": error " + error);
    Measurements.Row row = new Measurements.Row("HESSIAN", host.name(), path, format);
    measurements.add(row, what.startsWith("diagonal"), error, bar);
  }

  private String where() {
    return "%s %s %s %s of %s"
        .formatted(host.name(), path, format, problem.options(), Arrays.toString(problem.shape()));
  }
}
