package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SigmoidBinaryCrossEntropyLoss;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossBinaryXENT;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.djl.internal.TorchScript;

/**
 * Every line of docs/losses.md about the cross-entropy of yes or no in libtorch 2.7.1, DJL 0.36.0
 * and DL4J 1.0.0-M2.1, in float32.
 */
class OtherBinaryLossesTest {
  private static final float INF = Float.POSITIVE_INFINITY;

  /** softplus(−16), and 1/(1 + e^16). */
  private static final double TINY = Math.log1p(Math.exp(-16));

  private static final double TINY_GRADIENT = 1 / (1 + Math.exp(16));

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private record Result(double loss, double gradient) {}

  private Result of(float logit, UnaryOperator<NDArray> loss) {
    NDArray x = manager.create(new float[] {logit}).duplicate();
    x.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray value = loss.apply(x);
      collector.backward(value);
      return new Result(value.toFloatArray()[0], x.getGradient().toFloatArray()[0]);
    }
  }

  private Result ours(float logit, float target) {
    NDArray y = manager.create(new float[] {target});
    return of(logit, x -> SigmoidCrossEntropy.value(x, y));
  }

  private Result djl(float x, float target, boolean isProbability) {
    NDArray y = manager.create(new float[] {target});
    Loss loss = new SigmoidBinaryCrossEntropyLoss("loss", 1, isProbability);
    return of(x, z -> loss.evaluate(new NDList(y), new NDList(z)));
  }

  private Result libtorch(float logit, float target) {
    NDArray y = manager.create(new float[] {target});
    try (TorchScript torch =
        TorchScript.of(
            "def bce(self, x: Tensor, y: Tensor) -> Tensor:\n"
                + "  return torch.binary_cross_entropy_with_logits(x, y, None, None, 0)\n")) {
      return of(logit, x -> torch.call("bce", x, y));
    }
  }

  private static Result dl4j(float logit, float label) {
    INDArray x = Nd4j.createFromArray(new float[][] {{logit, 0}});
    INDArray y = Nd4j.createFromArray(new float[][] {{label, 1}});
    LossBinaryXENT loss = new LossBinaryXENT();
    ActivationSigmoid sigmoid = new ActivationSigmoid();
    // Without the loss of the second output, log 2: a row of one number is another thing in ND4J.
    return new Result(
        loss.computeScore(y, x.dup(), sigmoid, null, false) - Math.log(2),
        loss.computeGradient(y, x.dup(), sigmoid, null).getDouble(0));
  }

  @Test
  void oursIsRightOnTheRowsThatOthersGetWrong() {
    assertEquals(TINY, ours(-16, 0).loss, 1e-14);
    assertEquals(-TINY_GRADIENT, ours(16, 1).gradient, 1e-14);
    assertEquals(new Result(40, 1), ours(40, 0));
    assertEquals(0, ours(INF, 1).loss);
    assertEquals(new Result(INF, 1), ours(INF, 0));
  }

  @Test
  void libtorchsConfidentElementIsZeroOnOneSide() {
    assertEquals(0, libtorch(-16, 0).loss);
    assertEquals(TINY, libtorch(16, 1).loss, 1e-14);
  }

  @Test
  void theGradientOfLibtorchAndOfDjlIsADifference() {
    assertEquals(-1.1920929e-7, libtorch(16, 1).gradient, 1e-14);
    assertEquals(-1.1920929e-7, djl(16, 1, false).gradient, 1e-14);
  }

  @Test
  void infiniteLogitsAreNaNInLibtorchAndInDjl() {
    assertTrue(Double.isNaN(libtorch(INF, 1).loss));
    assertTrue(Double.isNaN(libtorch(-INF, 0).loss));
    assertTrue(Double.isNaN(libtorch(-INF, 1).loss));
    assertTrue(Double.isNaN(djl(INF, 1, false).loss));
    assertTrue(Double.isNaN(djl(INF, 0, false).loss));
    assertTrue(Double.isNaN(djl(-INF, 0, false).loss));
  }

  @Test
  void djlsLossOfProbabilitiesHasTheWrongSignAndStopsAt27() {
    Result even = djl(0.5f, 1, true);
    assertEquals(-Math.log(2), even.loss, 1e-6);
    assertEquals(2, even.gradient, 1e-6);
    assertEquals(-27.63, djl(1, 0, true).loss, 0.01);
  }

  @Test
  void dl4jStopsAt11AndHasNoGradientThere() {
    assertEquals(11.51, dl4j(40, 0).loss, 0.01);
    assertEquals(0, dl4j(40, 0).gradient, 1e-6);
    assertEquals(0, dl4j(-40, 1).gradient, 1e-6);
    assertEquals(1e-5, dl4j(-16, 0).loss, 1e-6);
  }
}
