package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SoftplusInverse;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.SquareplusInverse;
import org.stableops.nd4j.activations.ActivationSoftplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;

/**
 * Backward passes of half arrays in SameDiff and DL4J: a product with upstream is rounded once, so
 * that a local gradient out of the range of half types is none of a finite result.
 */
class Nd4jHalfGradientsTest {
  /** The gradient at x of upstream times the sum of what is made of it. */
  private static double gradient(
      DataType type, double x, double upstream, UnaryOperator<SDVariable> function) {
    SameDiff graph = SameDiff.create();
    SDVariable leaf = graph.var("x", Nd4j.createFromArray(x, x).castTo(type));
    SDVariable factor = graph.constant("u", Nd4j.scalar(upstream).castTo(type));
    function.apply(leaf).mul(factor).sum("loss").markAsLoss();
    return graph.calculateGradients(null, "x").get("x").getDouble(0);
  }

  private static double bar(DataType type) {
    return type == DataType.FLOAT16 ? 0x1p-10 : 0x1p-7;
  }

  private static void assertGradient(double expected, DataType type, double actual) {
    assertEquals(expected, actual, bar(type) * expected, type.toString());
  }

  /** A half number or the nearest bfloat16, exactly. */
  private static double rounded(DataType type, double x) {
    return Nd4j.scalar(x).castTo(type).getDouble(0);
  }

  @ParameterizedTest
  @EnumSource(names = {"HALF", "BFLOAT16"})
  void aLargeLocalGradientMeetsASmallUpstream(DataType type) {
    double x = rounded(type, 1e-5);
    double u = rounded(type, 1e-3);
    assertGradient(u / x, type, gradient(type, x, u, SoftplusInverse::value));
    double y = rounded(type, 2e-3);
    assertGradient(u / (y * y), type, gradient(type, y, u, SquareplusInverse::value));
    double raw = rounded(type, 11.5);
    PositiveTransform exp = PositiveTransform.exp();
    assertGradient(
        u * Math.exp(raw), type, gradient(type, raw, u, r -> PositiveTransforms.value(r, exp)));
  }

  @ParameterizedTest
  @EnumSource(names = {"HALF", "BFLOAT16"})
  void aSmallLocalGradientMeetsALargeUpstream(DataType type) {
    double u = 1024;
    // 0.5/N of a mean of 100,000 rows is subnormal in half.
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.var("z", Nd4j.zeros(type, 100_000, 2));
    SDVariable labels = graph.constant("y", Nd4j.zeros(DataType.INT32, 100_000));
    CrossEntropyOptions mean = CrossEntropyOptions.DEFAULT.withReduction(Reduction.MEAN);
    SDVariable factor = graph.constant("u", Nd4j.scalar(u).castTo(type));
    SparseSoftmaxCrossEntropy.value(logits, labels, mean).mul(factor).sum("loss").markAsLoss();
    double gradient = graph.calculateGradients(null, "z").get("z").getDouble(0, 1);
    assertGradient(u * 0.5e-5, type, gradient);
    double p = gradientOfLogSumExp(type, u);
    double tail = Math.exp(-17) / (1 + Math.exp(-17));
    assertGradient(u * tail, type, p);
  }

  private static double gradientOfLogSumExp(DataType type, double u) {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", Nd4j.createFromArray(new double[] {0, -17}).castTo(type));
    SDVariable factor = graph.constant("u", Nd4j.scalar(u).castTo(type));
    LogSumExp.value(x, 0).mul(factor).sum("loss").markAsLoss();
    return graph.calculateGradients(null, "x").get("x").getDouble(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"HALF", "BFLOAT16"})
  void activationsRoundTheirProductOnce(DataType type) {
    double x = rounded(type, 1e-5);
    double u = rounded(type, 1e-3);
    assertGradient(u / x, type, backprop(new ActivationSoftplusInverse(), type, x, u));
    // 1/x², which is subnormal in half.
    double far = rounded(type, -5000);
    double expected = 1000 / far / far;
    assertGradient(
        expected, type, backprop(new ActivationSquareplus(), type, far, rounded(type, 1000)));
  }

  @Test
  void anEpsilonOfAnotherDtypeStaysOpen() {
    INDArray in = Nd4j.ones(DataType.FLOAT16, 1, 2);
    INDArray epsilon = Nd4j.ones(DataType.FLOAT, 1, 2);
    new ActivationSquareplus().backprop(in, epsilon);
    assertFalse(epsilon.wasClosed());
  }

  private static double backprop(IActivation activation, DataType type, double x, double u) {
    INDArray in = Nd4j.valueArrayOf(new long[] {1, 2}, x, DataType.DOUBLE).castTo(type);
    INDArray epsilon = Nd4j.valueArrayOf(new long[] {1, 2}, u, DataType.DOUBLE).castTo(type);
    return activation.backprop(in, epsilon).getFirst().getDouble(0);
  }
}
