package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.internal.TorchScript;

/**
 * What a frozen TorchScript module has computed is in no graph and, unlike any other array, refuses
 * a gradient: a network that is trained behind it must not notice.
 */
class DjlInferenceTensorsTest {
  private static final TorchScript MODULE =
      TorchScript.of(
          """
          def twice(self, x: Tensor) -> Tensor:
            return x + x
          """);

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @AfterAll
  static void closeModule() {
    MODULE.close();
  }

  static Stream<Named<UnaryOperator<NDArray>>> operators() {
    return Stream.of(
        named("softplus", Softplus::value),
        named("squareplus", Squareplus::value),
        named("softplusInverse", SoftplusInverse::value),
        named("squareplus of an array b", x -> Squareplus.value(x, x.onesLike())),
        named("logSoftmax", x -> LogSoftmax.value(x, 1)),
        named("logSumExp", x -> LogSumExp.value(x, 1)),
        named(
            "sparse cross-entropy",
            x -> SparseSoftmaxCrossEntropy.value(x, x.getManager().create(new long[] {0, 2}))),
        named("cross-entropy", x -> SoftmaxCrossEntropy.value(x, x.onesLike())));
  }

  private static Named<UnaryOperator<NDArray>> named(String name, UnaryOperator<NDArray> operator) {
    return Named.of(name, operator);
  }

  private NDArray features() {
    return manager.create(new float[][] {{0.5f, 1, 1.5f}, {2, 0.25f, 3}});
  }

  @ParameterizedTest
  @MethodSource("operators")
  void theValueIsThatOfAnyOtherArray(UnaryOperator<NDArray> operator) {
    float[] expected = operator.apply(features().mul(2)).toFloatArray();
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      NDArray x = MODULE.infer("twice", features());
      assertArrayEquals(expected, operator.apply(x).toFloatArray());
    }
  }

  @Test
  void whatIsLearnedBehindThemHasItsGradient() {
    NDArray weight = manager.create(new float[] {1, 2, 3});
    weight.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray hidden = Squareplus.value(MODULE.infer("twice", features()));
      collector.backward(hidden.mul(weight).sum());
      assertArrayEquals(
          Squareplus.value(features().mul(2)).sum(new int[] {0}).toFloatArray(),
          weight.getGradient().toFloatArray());
    }
  }
}
