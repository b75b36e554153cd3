package org.stableops.integration.newton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.CountOptions;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;

/** ND4J, whose arrays here are few and left to its garbage collector. */
final class Nd4jNewton implements NewtonHost {
  @Override
  public Local poisson(Counts data, CountOptions options, double... beta) {
    INDArray x = Nd4j.createFromArray(data.x());
    INDArray y = Nd4j.createFromArray(data.counts());
    INDArray raw = x.mmul(Nd4j.createFromArray(beta));
    return local(
        x,
        PoissonLoss.value(raw, y, options),
        PoissonLoss.gradient(raw, y, options),
        PoissonLoss.secondDerivative(raw, y, options));
  }

  @Override
  public Local negativeBinomial(Counts data, double... betaAndTheta) {
    int columns = data.columns();
    INDArray x = Nd4j.createFromArray(data.x());
    INDArray y = Nd4j.createFromArray(data.counts());
    INDArray raw = x.mmul(Nd4j.createFromArray(Arrays.copyOf(betaAndTheta, columns)));
    INDArray theta = Nd4j.scalar(betaAndTheta[columns]);
    INDArray mixed = NegativeBinomialLoss.mixedDerivative(raw, theta, y, LIKELIHOOD);
    return local(
            x,
            NegativeBinomialLoss.value(raw, theta, y, LIKELIHOOD),
            NegativeBinomialLoss.gradient(raw, theta, y, LIKELIHOOD),
            NegativeBinomialLoss.secondDerivative(raw, theta, y, LIKELIHOOD))
        .bordered(
            NegativeBinomialLoss.parameterGradient(raw, theta, y, LIKELIHOOD).getDouble(0),
            x.transpose().mmul(mixed).toDoubleVector(),
            NegativeBinomialLoss.parameterSecondDerivative(raw, theta, y, LIKELIHOOD).getDouble(0));
  }

  /** Of raw = Xβ: gradient Xᵀ·first, Hessian Xᵀ·diag(second)·X. */
  private static Local local(INDArray x, INDArray value, INDArray first, INDArray second) {
    return new Local(
        value.getDouble(0),
        x.transpose().mmul(first).toDoubleVector(),
        x.transpose().mmul(x.mulColumnVector(second)).toDoubleMatrix());
  }

  @Override
  public Local temperature(Logits logits, double logarithm) {
    INDArray z =
        Nd4j.createFromArray(logits.z())
            .reshape(logits.rows(), logits.classes())
            .mul(Math.exp(-logarithm));
    INDArray labels = Nd4j.createFromArray(logits.labels());
    INDArray gradient = SparseSoftmaxCrossEntropy.gradient(z, labels, SUM);
    INDArray product = SparseSoftmaxCrossEntropy.hessianVectorProduct(z, labels, z, SUM);
    return Local.ofLogarithm(
        SparseSoftmaxCrossEntropy.value(z, labels, SUM).getDouble(0),
        gradient.mul(z).sumNumber().doubleValue(),
        product.mul(z).sumNumber().doubleValue());
  }

  @Override
  public List<double[]> descend(
      Rule rule, float rate, Function<double[], Local> function, double[] start, int steps) {
    GradientUpdater<?> updater = updater(rule, rate, start.length);
    List<double[]> points = new ArrayList<>(List.of(start));
    INDArray point = Nd4j.createFromArray(start).reshape(1, start.length);
    for (int step = 0; step < steps; step++) {
      double[] slopes = function.apply(points.get(step)).gradient();
      INDArray gradient = Nd4j.createFromArray(slopes).reshape(1, start.length);
      updater.applyUpdater(gradient, step, 0);
      point.subi(gradient);
      points.add(point.toDoubleVector());
    }
    return points;
  }

  private static GradientUpdater<?> updater(Rule rule, float rate, long size) {
    IUpdater config = rule == Rule.ADAM ? new Adam(rate) : new Sgd(rate);
    long state = config.stateSize(size);
    return config.instantiate(state == 0 ? null : Nd4j.zeros(DataType.DOUBLE, 1, state), true);
  }

  @Override
  public String toString() {
    return "ND4J";
  }
}
