package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.loss.LossReduce;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossPoisson;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.internal.TorchScript;

/**
 * Every line of docs/losses.md about losses of counts in libtorch 2.7.1, ND4J and DL4J 1.0.0-M2.1.
 * The distributions of PyTorch and scvi-tools are Python: of them the formulas are computed, by
 * libtorch's functions.
 */
class OtherCountLossesTest {
  private static final DataType FLOAT = DataType.FLOAT32;
  private static final DataType DOUBLE = DataType.FLOAT64;
  private static final double INF = Double.POSITIVE_INFINITY;

  /** The full likelihood at λ = y = 2 and 10⁹, to 17 digits. */
  private static final double OF_TWO = 1.3068528194400547;

  private static final double OF_BILLION = 11.280571451761212;

  /** Negative binomial, μ = 2, y = 5, θ = 10⁷ and 10¹²: the loss and its derivative by θ. */
  private static final double NEARLY_POISSON = 3.3217556399823961;

  private static final double BY_THETA = 1.9999984666673867e-14;
  private static final double NEARER_POISSON = 3.3217558399803194;

  private static final CountOptions FULL =
      CountOptions.RATE.withFullLikelihood().withReduction(Reduction.SUM);

  private static final String METHODS =
      """
      def poisson(self, r: Tensor, y: Tensor) -> Tensor:
        return torch.poisson_nll_loss(r, y, True, False, 1e-08, 2)
      def full(self, r: Tensor, y: Tensor) -> Tensor:
        return torch.poisson_nll_loss(r, y, True, True, 1e-08, 2)
      def softplus(self, r: Tensor, y: Tensor) -> Tensor:
        return torch.poisson_nll_loss(torch.softplus(r), y, False, False, 1e-08, 2)
      def distribution(self, rate: Tensor, y: Tensor) -> Tensor:
        likelihood = torch.sub(torch.xlogy(y, rate), rate)
        return torch.sub(torch.lgamma(torch.add(y, 1)), likelihood)
      def small(self, r: Tensor, y: Tensor) -> Tensor:
        rate = torch.softplus(r)
        return torch.sub(torch.lgamma(torch.add(y, 1)), torch.sub(torch.xlogy(y, rate), rate))
      def binomial(self, mu: Tensor, theta: Tensor, y: Tensor) -> Tensor:
        logit = torch.sub(torch.log(mu), torch.log(theta))
        no = torch.mul(theta, torch.log_sigmoid(torch.neg(logit)))
        both = torch.add(no, torch.mul(y, torch.log_sigmoid(logit)))
        ways = torch.sub(torch.lgamma(torch.add(y, 1)), torch.lgamma(torch.add(theta, y)))
        return torch.sub(torch.add(ways, torch.lgamma(theta)), both)
      def scvi(self, mu: Tensor, theta: Tensor, y: Tensor) -> Tensor:
        total = torch.log(torch.add(torch.add(theta, mu), 1e-08))
        no = torch.mul(theta, torch.sub(torch.log(torch.add(theta, 1e-08)), total))
        yes = torch.mul(y, torch.sub(torch.log(torch.add(mu, 1e-08)), total))
        sum = torch.add(torch.add(no, yes), torch.lgamma(torch.add(y, theta)))
        rest = torch.sub(sum, torch.lgamma(theta))
        return torch.sub(torch.lgamma(torch.add(y, 1)), rest)
      """;

  private final NDManager manager = NDManager.newBaseManager();
  private final TorchScript torch = TorchScript.of(METHODS);

  @AfterEach
  void close() {
    torch.close();
    manager.close();
  }

  /** The loss, and its gradients by the first argument and by the second, a θ. */
  private record Result(double loss, double gradient, double byTheta) {}

  private NDArray array(double number, DataType type) {
    return manager.create(new double[] {number}).toType(type, true);
  }

  private static double number(NDArray array) {
    return array.toType(DOUBLE, false).toDoubleArray()[0];
  }

  private Result of(NDArray x, NDArray theta, UnaryOperator<NDArray> loss) {
    x.setRequiresGradient(true);
    theta.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray value = loss.apply(x);
      collector.backward(value);
      return new Result(number(value), number(x.getGradient()), number(theta.getGradient()));
    }
  }

  private Result libtorch(String method, DataType type, double raw, double count) {
    NDArray y = array(count, type);
    return of(array(raw, type), array(0, type), x -> torch.call(method, x, y));
  }

  private Result libtorch(String method, DataType type, double mean, double theta, double count) {
    NDArray y = array(count, type);
    NDArray t = array(theta, type);
    return of(array(mean, type), t, x -> torch.call(method, x, t, y));
  }

  private Result ours(DataType type, double raw, double count, CountOptions options) {
    NDArray y = array(count, type);
    return of(array(raw, type), array(0, type), x -> PoissonLoss.value(x, y, options));
  }

  private Result ours(DataType type, double mean, double theta, double count) {
    NDArray y = array(count, type);
    NDArray t = array(theta, type);
    return of(array(mean, type), t, x -> NegativeBinomialLoss.value(x, t, y, FULL));
  }

  @Test
  void oursIsRightOnTheRowsThatOthersGetWrong() {
    CountOptions softplus =
        CountOptions.DEFAULT.withRate(PositiveTransform.softplus()).withReduction(Reduction.SUM);
    for (DataType type : List.of(FLOAT, DOUBLE)) {
      double ulp = type == FLOAT ? 0x1p-23 : 0x1p-50;
      assertEquals(1, ours(type, 1, 1, FULL).loss, ulp);
      assertEquals(OF_TWO, ours(type, 2, 2, FULL).loss, 2 * ulp);
      assertEquals(OF_BILLION, ours(type, 1e9, 1e9, FULL).loss, 16 * ulp);
      assertEquals(new Result(1600, -2, 0), ours(type, -800, 2, softplus));
      assertEquals(0, ours(type, -INF, 0, CountOptions.DEFAULT).loss);
      assertEquals(NEARLY_POISSON, ours(type, 2, 1e7, 5).loss, 4 * ulp);
      assertEquals(BY_THETA, ours(type, 2, 1e7, 5).byTheta, 4 * ulp * BY_THETA);
      // As a float, θ is another number, by 4·10⁻⁹.
      assertEquals(2e-24, ours(type, 2, 1e12, 5).byTheta, 1e-31);
      assertEquals(NEARER_POISSON, ours(type, 2, INF, 5).loss, type == FLOAT ? ulp * 4 : 1e-11);
    }
  }

  @Test
  void libtorchsFullLikelihoodIsStirlings() {
    assertEquals(1, libtorch("full", DOUBLE, 0, 1).loss, 1e-15);
    assertEquals(1, libtorch("full", DOUBLE, 0, 0.5).loss, 1e-15);
    assertEquals(1.2655121, libtorch("full", DOUBLE, Math.log(2), 2).loss, 1e-7);
    assertEquals(2048, libtorch("full", FLOAT, Math.log(1e9), 1e9).loss);
    assertEquals(11.2805710, libtorch("full", DOUBLE, Math.log(1e9), 1e9).loss, 1e-7);
  }

  @Test
  void theLogGammaOfPyTorchsDistributionCancels() {
    assertEquals(OF_TWO, libtorch("distribution", DOUBLE, 2, 2).loss, 1e-15);
    double error = libtorch("distribution", FLOAT, 1e9, 1e9).loss - OF_BILLION;
    assertTrue(Math.abs(error) > 10, () -> "error " + error);
    assertEquals(11.2805710, libtorch("distribution", DOUBLE, 1e9, 1e9).loss, 1e-6);
  }

  @Test
  void thatDistributionOfARateThatUnderflowsIsInfinite() {
    assertEquals(0, libtorch("distribution", DOUBLE, 0, 0).loss, 0.0);
    assertEquals(INF, libtorch("small", DOUBLE, -800, 2).loss);
    assertTrue(Double.isNaN(libtorch("small", DOUBLE, -800, 2).gradient));
  }

  @Test
  void libtorchsLossOfARateThatUnderflowsStandsStill() {
    for (DataType type : List.of(FLOAT, DOUBLE)) {
      Result result = libtorch("softplus", type, -800, 2);
      assertEquals(36.84136, result.loss, 1e-5);
      assertEquals(0, result.gradient, 0.0);
      assertEquals(-1.87e-5, libtorch("softplus", type, -30, 2).gradient, 1e-7);
      assertTrue(Double.isNaN(libtorch("poisson", type, -INF, 0).loss));
    }
  }

  private static double nd4j(double raw, double count, boolean isFull) {
    INDArray r = Nd4j.createFromArray(new double[][] {{raw, 0}});
    INDArray y = Nd4j.createFromArray(new double[][] {{count, 1}});
    INDArray ones = Nd4j.onesLike(r);
    return Nd4j.loss().logPoisson(y, r, ones, LossReduce.NONE, isFull).getDouble(0);
  }

  @Test
  void nd4jsFullLikelihoodIsStirlingsForEveryCount() {
    assertEquals(0.9189385, nd4j(0, 1, true), 1e-7);
    assertEquals(1.2655121, nd4j(Math.log(2), 2, true), 1e-7);
    assertEquals(11.2805710, nd4j(Math.log(1e9), 1e9, true), 1e-6);
    assertTrue(Double.isNaN(nd4j(0, 0, true)));
    assertEquals(1, nd4j(0, 0, false));
    assertTrue(Double.isNaN(nd4j(-INF, 0, false)));
  }

  /** The score and the gradient of the first of two outputs. */
  private static double[] dl4j(INDArray raw, double count) {
    INDArray y = Nd4j.createFromArray(new double[][] {{count, 0}}).castTo(raw.dataType());
    LossPoisson loss = new LossPoisson();
    return new double[] {
      loss.scoreArray(y, raw.dup(), new ActivationSoftPlus(), null).getDouble(0),
      loss.computeGradient(y, raw.dup(), new ActivationSoftPlus(), null).getDouble(0)
    };
  }

  @Test
  void dl4jDividesByARateThatUnderflows() {
    INDArray small = Nd4j.createFromArray(new double[][] {{-800, 0}});
    assertEquals(INF, dl4j(small, 2)[0]);
    assertTrue(Double.isNaN(dl4j(small, 2)[1]));
    assertTrue(DoubleStream.of(dl4j(small, 0)).allMatch(Double::isNaN));
    INDArray float30 = Nd4j.createFromArray(new float[][] {{-30, 0}});
    assertEquals(INF, dl4j(float30, 2)[0]);
    INDArray float100 = Nd4j.createFromArray(new float[][] {{100, 0}});
    assertTrue(DoubleStream.of(dl4j(float100, 2)).allMatch(Double::isNaN));
  }

  @Test
  void negativeBinomialsByLogGammaAndDigammaCancel() {
    for (String method : List.of("binomial", "scvi")) {
      Result single = libtorch(method, FLOAT, 2, 1e7, 5);
      assertTrue(Math.abs(single.loss - NEARLY_POISSON) > 1, () -> method + " " + single);
      assertTrue(Math.abs(single.byTheta - BY_THETA) > 0.9 * BY_THETA, () -> method + single);
      Result nearly = libtorch(method, DOUBLE, 2, 1e7, 5);
      assertEquals(NEARLY_POISSON, nearly.loss, 1e-7);
      double error = Math.abs(nearly.byTheta / BY_THETA - 1);
      assertTrue(error > 0.05, () -> method + " " + nearly);
      Result nearer = libtorch(method, DOUBLE, 2, 1e12, 5);
      assertTrue(Math.abs(nearer.loss - NEARER_POISSON) > 1e-4, () -> method + " " + nearer);
      assertTrue(Math.abs(nearer.byTheta) > 1e-16, () -> method + " " + nearer);
      assertTrue(Double.isNaN(libtorch(method, DOUBLE, 2, INF, 5).loss));
    }
    assertTrue(Double.isNaN(libtorch("binomial", DOUBLE, 0, 10, 0).loss));
    assertEquals(96.01, libtorch("scvi", DOUBLE, 0, 10, 5).loss, 0.01);
    assertEquals(INF, ours(DOUBLE, 0, 10, 5).loss);
  }
}
