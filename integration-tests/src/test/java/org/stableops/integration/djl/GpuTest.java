package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.GumbelSoftmax;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.integration.host.Path;

/**
 * What every operator gives on a GPU is what the kernels give on the CPU, and stays on the device.
 * The command is in CONTRIBUTING.md; with {@code -Dstableops.gpu=cpu} the same is tried on the
 * composite path of the CPU.
 */
@Tag("gpu")
class GpuTest {
  /** More than a block of elements. */
  private static final Shape SHAPE = new Shape(700, 500);

  private Device device;
  private NDManager cpu;
  private NDManager manager;

  @BeforeEach
  void open() {
    boolean isTried = "cpu".equals(System.getProperty("stableops.gpu"));
    assumeTrue(isTried || Engine.getInstance().getGpuCount() > 0, "there is no GPU");
    device = isTried ? Device.cpu() : Device.gpu();
    cpu = NDManager.newBaseManager(Device.cpu());
    manager = NDManager.newBaseManager(device);
  }

  @AfterEach
  void close() {
    if (cpu != null) {
      cpu.close();
      manager.close();
    }
  }

  /** On the device, where no kernel reaches. */
  private NDArray onDevice(UnaryOperator<NDArray> call, NDArray local) {
    return onDevice((x, none) -> call.apply(x), local, local);
  }

  private NDArray onDevice(BinaryOperator<NDArray> call, NDArray x, NDArray y) {
    Path path = device.equals(Device.cpu()) ? Path.COMPOSITE : Path.FUSED;
    NDArray result = path.run(() -> call.apply(there(x), there(y)));
    assertEquals(device, result.getDevice());
    return result;
  }

  private NDArray there(NDArray local) {
    NDArray array = local.toDevice(device, true);
    array.attach(manager);
    return array;
  }

  private static void assertNear(NDArray expected, NDArray actual, String what) {
    double tolerance =
        switch (expected.getDataType()) {
          case FLOAT16 -> 4e-3;
          case FLOAT32 -> 4e-6;
          default -> 1e-12;
        };
    assertEquals(expected.getDataType(), actual.getDataType(), what);
    assertEquals(expected.getShape(), actual.getShape(), what);
    double[] ours =
        actual.toType(DataType.FLOAT64, false).toDevice(Device.cpu(), false).toDoubleArray();
    double[] right = expected.toType(DataType.FLOAT64, false).toDoubleArray();
    for (int i = 0; i < right.length; i++) {
      double bar = tolerance * Math.max(1, Math.abs(right[i]));
      boolean isNear =
          Math.abs(ours[i] - right[i]) <= bar || Double.compare(ours[i], right[i]) == 0;
      assertTrue(isNear, what + " at " + i + ": " + ours[i] + " instead of " + right[i]);
    }
  }

  static Stream<Map.Entry<String, UnaryOperator<NDArray>>> calls() {
    Map<String, UnaryOperator<NDArray>> calls = new LinkedHashMap<>();
    calls.put("softplus", Softplus::value);
    calls.put("softplus gradient", Softplus::gradient);
    calls.put("softplus 1.7", x -> Softplus.value(x, 1.7));
    calls.put("softplusInverse", SoftplusInverse::value);
    calls.put("softplusInverse gradient", x -> SoftplusInverse.gradient(x, 1.7));
    calls.put("squareplus", Squareplus::value);
    calls.put("squareplus gradient", Squareplus::gradient);
    calls.put("squareplusInverse", SquareplusInverse::value);
    calls.put("squareplusInverse gradient", SquareplusInverse::gradient);
    calls.put("array parameter", x -> Squareplus.value(x, ones(x).mul(2)));
    calls.put("its gradient", x -> Squareplus.parameterGradient(x, ones(x).mul(2)));
    calls.put("log-softmax", LogSoftmax::value);
    calls.put("log-softmax gradient", x -> LogSoftmax.gradient(x, 0, x));
    calls.put("gumbel-softmax", x -> GumbelSoftmax.value(x, GumbelSoftmax.gumbels(x, 1), 0.5));
    calls.put("gumbel-softmax gradient", x -> GumbelSoftmax.gradient(x, x, 0.5, x));
    calls.put("linear cross-entropy", x -> LinearCrossEntropy.value(x, x, places(x)));
    calls.put(
        "linear cross-entropy by weight",
        x -> LinearCrossEntropy.valueAndGradients(x, x, places(x)).weight());
    calls.put(
        "linear cross-entropy's Gauss–Newton product",
        x ->
            LinearCrossEntropy.gaussNewtonProduct(
                    x, x, places(x), new LinearCrossEntropyDirection<>(x, x, null))
                .weight());
    calls.put(
        "linear cross-entropy in training",
        x ->
            Djl.gradientArray(
                x, leaf -> LinearCrossEntropy.value(x, leaf, places(x), options(Reduction.NONE))));
    calls.put("log-sum-exp", x -> LogSumExp.value(x, 0));
    PositiveTransform positive = PositiveTransform.softplus().withLowerBound(0.01);
    calls.put("positive", x -> PositiveTransforms.value(x, positive));
    calls.put("its log-derivative", x -> PositiveTransforms.logDerivative(x, positive));
    return calls.entrySet().stream();
  }

  private static NDArray ones(NDArray x) {
    return x.getManager().ones(new Shape(x.getShape().get(1)), x.getDataType(), x.getDevice());
  }

  /** A class for each row. */
  private static NDArray places(NDArray x) {
    NDArray places = x.getManager().arange((int) x.getShape().get(0));
    return places.toType(DataType.INT64, false).toDevice(x.getDevice(), false);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void anOperatorGivesWhatItGivesOnTheCpu(Map.Entry<String, UnaryOperator<NDArray>> call) {
    for (DataType type : new DataType[] {DataType.FLOAT32, DataType.FLOAT64, DataType.FLOAT16}) {
      NDArray x = cpu.randomUniform(0.1f, 3, SHAPE).toType(type, false);
      NDArray expected = call.getValue().apply(x);
      assertNear(expected, onDevice(call.getValue(), x), call.getKey() + " " + type);
    }
  }

  private static CrossEntropyOptions options(Reduction reduction) {
    return CrossEntropyOptions.DEFAULT
        .withReduction(reduction)
        .withLabelSmoothing(0.1)
        .withZLoss(1e-3);
  }

  @ParameterizedTest
  @EnumSource
  void lossesGiveWhatTheyGiveOnTheCpu(Reduction reduction) {
    NDArray z = cpu.randomNormal(SHAPE).mul(3);
    NDArray labels = cpu.arange(SHAPE.get(0)).mod(SHAPE.get(1)).toType(DataType.INT64, false);
    NDArray q = z.neg().softmax(1);
    for (CrossEntropyOptions options :
        new CrossEntropyOptions[] {
          CrossEntropyOptions.DEFAULT.withReduction(reduction), options(reduction)
        }) {
      BinaryOperator<NDArray> sparse = (x, y) -> SparseSoftmaxCrossEntropy.value(x, y, options);
      BinaryOperator<NDArray> dense = (x, y) -> SoftmaxCrossEntropy.value(x, y, options);
      BinaryOperator<NDArray> ofSparse =
          (x, y) -> SparseSoftmaxCrossEntropy.gradient(x, y, options);
      BinaryOperator<NDArray> ofDense = (x, y) -> SoftmaxCrossEntropy.gradient(x, y, options);
      assertNear(sparse.apply(z, labels), onDevice(sparse, z, labels), "labels");
      assertNear(dense.apply(z, q), onDevice(dense, z, q), "probabilities");
      assertNear(ofSparse.apply(z, labels), onDevice(ofSparse, z, labels), "labels, gradient");
      assertNear(ofDense.apply(z, q), onDevice(ofDense, z, q), "probabilities, gradient");
    }
  }

  @Test
  void anEvaluationStaysOnTheDevice() {
    NDArray z = cpu.randomNormal(SHAPE);
    NDArray labels = cpu.zeros(new Shape(SHAPE.get(0)), DataType.INT64);
    CrossEntropyOptions options = options(Reduction.MEAN).withIgnoreIndex(7);
    CrossEntropyEvaluation<NDArray> expected =
        SparseSoftmaxCrossEntropy.evaluate(z, labels, options);
    for (String part : new String[] {"loss", "rowLosses", "logSumExp", "zLoss"}) {
      BinaryOperator<NDArray> call =
          (x, y) -> part(part, SparseSoftmaxCrossEntropy.evaluate(x, y, options));
      assertNear(part(part, expected), onDevice(call, z, labels), part);
    }
  }

  private static NDArray part(String part, CrossEntropyEvaluation<NDArray> all) {
    return switch (part) {
      case "loss" -> all.loss();
      case "rowLosses" -> all.rowLosses();
      case "logSumExp" -> all.logSumExp();
      default -> all.zLoss();
    };
  }

  /** Two layers, our activation and our loss. */
  private static NDArray gradientOfWeights(NDArray w, NDArray x) {
    NDManager manager = w.getManager();
    NDArray labels = manager.zeros(new Shape(x.getShape().get(0)), DataType.INT64, w.getDevice());
    FusedSoftmaxCrossEntropyLoss loss = new FusedSoftmaxCrossEntropyLoss();
    w.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray logits = Squareplus.value(Softplus.value(x.matMul(w)).matMul(w));
      collector.backward(loss.evaluate(new NDList(labels), new NDList(logits)));
    }
    return w.getGradient();
  }

  @Test
  void trainingSeesTheSameGradients() {
    NDArray w = cpu.randomNormal(new Shape(20, 20)).mul(0.3);
    NDArray x = cpu.randomNormal(new Shape(64, 20));
    NDArray actual = onDevice(GpuTest::gradientOfWeights, w, x);
    assertNear(gradientOfWeights(w, x), actual, "gradient");
  }
}
