package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.PositiveTransform;
import org.stableops.integration.NewJvm;
import org.stableops.integration.oracle.PositiveFunction;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.Squareplus;
import org.stableops.nd4j.SquareplusInverse;

/** Positive transforms and their log-Jacobians in graphs of SameDiff. */
final class SameDiffTransformsTest {
  private static final List<PositiveTransform> TRANSFORMS =
      List.of(
          PositiveTransform.softplus(1.7).withLowerBound(0.1),
          PositiveTransform.squareplus(0.3),
          PositiveTransform.squareplus().withLowerBound(1e-3),
          PositiveTransform.exp());

  private static final double[] MODERATE = {-6, -1.3, -0.2, 0, 0.4, 2, 5};
  private static final double[] EXTREME = {-1e300, -800, -40, -1e-300, 1e-9, 40, 700};
  private static final INDArray UPSTREAM = Nd4j.createFromArray(1, -2, 0.5, 3, -0.1, 7, 1.5);

  @Test
  void gradientsOfValuesAreUpstreamTimesTheExplicitOnes() {
    for (PositiveTransform transform : TRANSFORMS) {
      for (double[] raw : List.of(MODERATE, EXTREME)) {
        INDArray array = Nd4j.createFromArray(raw);
        Elements.assertSame(
            PositiveTransforms.gradient(array, transform).mul(UPSTREAM),
            gradient(raw, x -> PositiveTransforms.value(x, transform)),
            transform.toString());
      }
    }
  }

  @Test
  void gradientsOfLogDerivativesAreUpstreamTimesTheExactOnes() {
    for (PositiveTransform transform : TRANSFORMS) {
      PositiveFunction exact = new PositiveFunction(transform);
      INDArray actual = gradient(MODERATE, x -> PositiveTransforms.logDerivative(x, transform));
      for (int i = 0; i < MODERATE.length; i++) {
        double expected =
            exact.gradientOfLogDerivative(MODERATE[i]).nearest() * UPSTREAM.getDouble(i);
        assertEquals(expected, actual.getDouble(i), 4 * Math.ulp(expected), transform.toString());
      }
    }
  }

  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    for (PositiveTransform transform : TRANSFORMS) {
      assertDifferences(transform, transform::value, x -> PositiveTransforms.value(x, transform));
      assertDifferences(
          transform, transform::logDerivative, x -> PositiveTransforms.logDerivative(x, transform));
    }
  }

  /** Of fourth order: the steps' error is below that of rounding, 1e-16/1e-3. */
  private static void assertDifferences(
      PositiveTransform transform, DoubleUnaryOperator f, UnaryOperator<SDVariable> op) {
    INDArray actual = gradient(MODERATE, op);
    double h = 1e-3;
    for (int i = 0; i < MODERATE.length; i++) {
      double x = MODERATE[i];
      double near = f.applyAsDouble(x + h) - f.applyAsDouble(x - h);
      double far = f.applyAsDouble(x + 2 * h) - f.applyAsDouble(x - 2 * h);
      double numeric = (8 * near - far) / (12 * h) * UPSTREAM.getDouble(i);
      assertEquals(
          numeric, actual.getDouble(i), 1e-10 + 1e-10 * Math.abs(numeric), transform + " at " + x);
    }
  }

  private static INDArray gradient(double[] raw, UnaryOperator<SDVariable> op) {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", Nd4j.createFromArray(raw));
    op.apply(x).mul(graph.constant("upstream", UPSTREAM)).sum().rename("loss");
    graph.setLossVariables("loss");
    return graph.calculateGradients(Map.of(), "x").get("x");
  }

  @Test
  void gradientsHaveNoGradients() {
    for (UnaryOperator<SDVariable> op :
        List.<UnaryOperator<SDVariable>>of(
            x -> PositiveTransforms.value(x, PositiveTransform.exp()),
            x -> PositiveTransforms.logDerivative(x, PositiveTransform.exp()))) {
      SameDiff graph = SameDiff.create();
      SDVariable y = op.apply(graph.var("x", Nd4j.ones(3)));
      SDVariable gradient =
          graph.getVariableOutputOp(y.name()).doDiff(List.of(graph.onesLike(y))).get(0);
      assertThrows(
          UnsupportedOperationException.class,
          () -> graph.getVariableOutputOp(gradient.name()).doDiff(List.of(gradient)));
    }
  }

  @Test
  void everyOpIsRegistered() {
    for (String name :
        List.of(
            "stable_positive",
            "stable_positive_bp",
            "stable_positive_log_derivative",
            "stable_positive_log_derivative_bp")) {
      assertTrue(ImportClassMapping.getOpNameMapping().containsKey(name), name);
    }
  }

  @Test
  void aLoadedGraphComputesTheSameBitsHereAndInANewJvm(@TempDir Path folder) throws Exception {
    SameDiff graph = allTransforms();
    File file = folder.resolve("graph.sd").toFile();
    graph.save(file, false);
    String expected = everything(graph);
    assertEquals(expected, everything(graph.dup()), "a copy");
    assertEquals(expected, everything(SameDiff.load(file, false)), "loaded");
    assertEquals(expected, NewJvm.lastLine(Loaded.class, List.of(), file), "in a new JVM");
  }

  /** The other JVM's program: loads first of all, and never names one of our classes. */
  static final class Loaded {
    private Loaded() {}

    public static void main(String[] arguments) {
      System.out.println(everything(SameDiff.load(new File(arguments[0]), false)));
    }
  }

  private static SameDiff allTransforms() {
    SameDiff graph = SameDiff.create();
    SDVariable moderate = graph.var("moderate", Nd4j.createFromArray(MODERATE));
    SDVariable extreme = graph.var("extreme", Nd4j.createFromArray(EXTREME));
    SDVariable sum = graph.constant("zero", Nd4j.scalar(0.0));
    for (PositiveTransform transform : TRANSFORMS) {
      for (SDVariable raw : List.of(moderate, extreme)) {
        SDVariable value = PositiveTransforms.value(raw, transform);
        sum = sum.add(graph.math.log(value)).sub(PositiveTransforms.logDerivative(raw, transform));
      }
    }
    // The operators with arrays for parameters too, whose gradients go to both.
    SDVariable value = PositiveTransforms.value(moderate, PositiveTransform.softplus());
    sum = sum.add(Softplus.value(moderate, value)).add(SoftplusInverse.value(value, value));
    sum = sum.add(Squareplus.value(moderate, value)).add(SquareplusInverse.value(value, value));
    sum.rename("terms").sum().rename("loss");
    graph.setLossVariables("loss");
    return graph;
  }

  private static String everything(SameDiff graph) {
    Map<String, INDArray> gradients = graph.calculateGradients(Map.of(), "moderate", "extreme");
    return Elements.hex(graph.output(Map.of(), "terms").get("terms"))
        + " "
        + Elements.hex(gradients.get("moderate"))
        + " "
        + Elements.hex(gradients.get("extreme"));
  }
}
