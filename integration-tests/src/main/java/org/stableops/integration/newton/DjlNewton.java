package org.stableops.integration.newton;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.stableops.CountOptions;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.SparseSoftmaxCrossEntropy;

/** DJL. */
final class DjlNewton implements NewtonHost {
  @Override
  public Local poisson(Counts data, CountOptions options, double... beta) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = matrix(manager, data);
      NDArray y = manager.create(data.counts());
      NDArray raw = x.matMul(manager.create(beta));
      return local(
          x,
          PoissonLoss.value(raw, y, options),
          PoissonLoss.gradient(raw, y, options),
          PoissonLoss.secondDerivative(raw, y, options));
    }
  }

  @Override
  public Local negativeBinomial(Counts data, double... betaAndTheta) {
    int columns = data.columns();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = matrix(manager, data);
      NDArray y = manager.create(data.counts());
      NDArray raw = x.matMul(manager.create(Arrays.copyOf(betaAndTheta, columns)));
      NDArray theta = manager.create(betaAndTheta[columns]);
      NDArray mixed = NegativeBinomialLoss.mixedDerivative(raw, theta, y, LIKELIHOOD);
      return local(
              x,
              NegativeBinomialLoss.value(raw, theta, y, LIKELIHOOD),
              NegativeBinomialLoss.gradient(raw, theta, y, LIKELIHOOD),
              NegativeBinomialLoss.secondDerivative(raw, theta, y, LIKELIHOOD))
          .bordered(
              NegativeBinomialLoss.parameterGradient(raw, theta, y, LIKELIHOOD).getDouble(),
              x.transpose().matMul(mixed).toDoubleArray(),
              NegativeBinomialLoss.parameterSecondDerivative(raw, theta, y, LIKELIHOOD)
                  .getDouble());
    }
  }

  private static NDArray matrix(NDManager manager, Counts data) {
    return manager.create(Matrices.flat(data.x()), new Shape(data.counts().length, data.columns()));
  }

  /** Of raw = Xβ: gradient Xᵀ·first, Hessian Xᵀ·diag(second)·X. */
  private static Local local(NDArray x, NDArray value, NDArray first, NDArray second) {
    int columns = (int) x.getShape().get(1);
    NDArray hessian = x.transpose().matMul(x.mul(second.expandDims(1)));
    return new Local(
        value.getDouble(),
        x.transpose().matMul(first).toDoubleArray(),
        Matrices.rows(hessian.toDoubleArray(), columns));
  }

  @Override
  public Local temperature(Logits logits, double logarithm) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray z =
          manager
              .create(logits.z(), new Shape(logits.rows(), logits.classes()))
              .mul(Math.exp(-logarithm));
      NDArray labels = manager.create(logits.labels());
      NDArray gradient = SparseSoftmaxCrossEntropy.gradient(z, labels, SUM);
      NDArray product = SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, z, SUM);
      return Local.ofLogarithm(
          SparseSoftmaxCrossEntropy.value(z, labels, SUM).getDouble(),
          gradient.mul(z).sum().getDouble(),
          product.mul(z).sum().getDouble());
    }
  }

  @Override
  public List<double[]> descend(
      Rule rule, float rate, Function<double[], Local> function, double[] start, int steps) {
    Optimizer optimizer = optimizer(rule, Tracker.fixed(rate));
    List<double[]> points = new ArrayList<>(List.of(start));
    try (NDManager manager = NDManager.newBaseManager();
        NDArray point = manager.create(start).duplicate()) {
      for (int step = 1; step <= steps; step++) {
        double[] slopes = function.apply(points.get(step - 1)).gradient();
        try (NDArray gradient = manager.create(slopes)) {
          optimizer.update("point", point, gradient);
        }
        points.add(point.toDoubleArray());
      }
    }
    return points;
  }

  private static Optimizer optimizer(Rule rule, Tracker rate) {
    return rule == Rule.ADAM
        ? Optimizer.adam().optLearningRateTracker(rate).build()
        : Optimizer.sgd().setLearningRateTracker(rate).build();
  }

  @Override
  public String toString() {
    return "DJL";
  }
}
