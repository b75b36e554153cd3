package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.DjlHost;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;

/**
 * The hosts against each other, crosswise: one's composite with the other's kernel. Two fused paths
 * share a kernel, and must agree to the bit; that proves the plumbing.
 */
class AgreementTest {
  private static final int POINTS = 5_000;
  private static final Host DJL = new DjlHost();
  private static final Host ND4J = new Nd4jHost();

  @ParameterizedTest
  @EnumSource
  void elementwise(ElementwiseFunction function) {
    for (Format format : DJL.formats()) {
      double parameter = function.parameters()[0];
      double[] x = Points.of(function, parameter, format, POINTS);
      double[] djlFused = Path.FUSED.run(() -> DJL.value(function, x, parameter, format));
      double[] nd4jFused = Path.FUSED.run(() -> ND4J.value(function, x, parameter, format));
      double[] djl = Path.COMPOSITE.run(() -> DJL.value(function, x, parameter, format));
      double[] nd4j = Path.COMPOSITE.run(() -> ND4J.value(function, x, parameter, format));
      assertArrayEquals(djlFused, nd4jFused);
      double bar = Tolerance.COMPOSITE_VALUE.of(format) + Tolerance.FUSED_VALUE.of(format);
      for (int i = 0; i < x.length; i++) {
        // Where the composite of softplus's inverse cancels, its error is absolute.
        double unit = Math.max(format.ulp(djlFused[i]), nearZero(function, x[i], format));
        assertClose(nd4jFused[i], djl[i], bar * unit, function + " at " + x[i]);
        assertClose(djlFused[i], nd4j[i], bar * unit, function + " at " + x[i]);
      }
    }
  }

  private static void assertClose(double fused, double composite, double bar, String where) {
    // Equal infinities have no distance.
    assertTrue(fused == composite || Math.abs(fused - composite) <= bar, where);
  }

  private static double nearZero(ElementwiseFunction function, double x, Format format) {
    boolean near = function == ElementwiseFunction.SOFTPLUS_INVERSE && x > 0.4 && x < 1.1;
    return near ? format.epsilon() : 0;
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void crossEntropy(Reduction reduction) {
    SplittableRandom random = new SplittableRandom(11);
    int rows = 257;
    int classes = 13;
    double[] logits = random.doubles(rows * classes, -20, 20).map(Format.FLOAT16::round).toArray();
    long[] labels = random.longs(rows, 0, classes).toArray();
    CrossEntropyCase problem =
        CrossEntropyCase.sparse(
            logits, classes, labels, CrossEntropyOptions.DEFAULT.withReduction(reduction));
    for (Format format : DJL.formats()) {
      Host.Loss djlFused = Path.FUSED.run(() -> DJL.crossEntropy(problem, format));
      Host.Loss nd4jFused = Path.FUSED.run(() -> ND4J.crossEntropy(problem, format));
      Host.Loss djl = Path.COMPOSITE.run(() -> DJL.crossEntropy(problem, format));
      Host.Loss nd4j = Path.COMPOSITE.run(() -> ND4J.crossEntropy(problem, format));
      assertArrayEquals(djlFused.loss(), nd4jFused.loss());
      assertArrayEquals(djlFused.gradient(), nd4jFused.gradient());
      assertClose(djl, nd4jFused, format);
      assertClose(nd4j, djlFused, format);
    }
  }

  private static void assertClose(Host.Loss composite, Host.Loss fused, Format format) {
    double bar = 2 * Tolerance.SPARSE_LOSS.of(format);
    for (int i = 0; i < fused.loss().length; i++) {
      double distance = Math.abs(composite.loss()[i] - fused.loss()[i]);
      assertTrue(distance <= bar * format.ulp(fused.loss()[i]));
    }
    assertArrayEquals(
        composite.gradient(),
        fused.gradient(),
        2 * Tolerance.GRADIENT.of(format) * format.epsilon());
  }
}
