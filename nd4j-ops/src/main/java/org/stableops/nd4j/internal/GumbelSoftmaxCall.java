package org.stableops.nd4j.internal;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.internal.Arguments;
import org.stableops.internal.Shapes;
import org.stableops.kernel.GumbelNoise;
import org.stableops.kernel.GumbelSoftmaxKernel;
import org.stableops.op.GumbelComposite;

/**
 * One call of the Gumbel-softmax on arrays of this host.
 *
 * @param logits any floating array of rank 1 at least
 * @param gumbels of the same shape and dtype
 * @param temperature positive and finite
 */
public record GumbelSoftmaxCall(INDArray logits, INDArray gumbels, double temperature) {
  /** Checks the arguments. */
  public GumbelSoftmaxCall {
    Inputs.requireLike("gumbels", gumbels, "logits", logits);
    Arguments.requirePositive("temperature", temperature);
  }

  /** Takes a temperature that is an array of one element. */
  public static GumbelSoftmaxCall of(INDArray logits, INDArray gumbels, INDArray temperature) {
    Inputs.requireLike("gumbels", gumbels, "logits", logits);
    Inputs.requireFloating("temperature", temperature);
    if (temperature.length() != 1) {
      throw new IllegalArgumentException(
          "temperature must have one element, got shape " + Shapes.text(temperature.shape()));
    }
    return new GumbelSoftmaxCall(logits, gumbels, temperature.getDouble(0));
  }

  /** The probabilities. */
  public INDArray value() {
    return compute(GumbelSoftmaxKernel::value, (m, none) -> m.p(), logits.dataType(), null);
  }

  /** The one-hot rows of the largest. */
  public INDArray hard() {
    return compute(GumbelSoftmaxKernel::hard, (m, none) -> m.hard(), logits.dataType(), null);
  }

  /** The gradient of Σ upstream·p by the logits. */
  public INDArray gradient(INDArray upstream) {
    Inputs.requireLike("upstream", upstream, "logits", logits);
    return compute(
        GumbelSoftmaxKernel::gradient, GumbelComposite::gradient, logits.dataType(), upstream);
  }

  /** The gradient of Σ upstream·p by the temperature, in the shape and dtype of an array. */
  public INDArray temperatureGradient(INDArray upstream, INDArray like) {
    Inputs.requireLike("upstream", upstream, "logits", logits);
    try (Temporaries temporaries = new Temporaries()) {
      INDArray terms =
          temporaries.keep(
              compute(
                  GumbelSoftmaxKernel::byTemperature,
                  GumbelComposite::byTemperature,
                  DataType.DOUBLE,
                  upstream));
      double sum = terms.isEmpty() ? 0 : sum(terms, temporaries);
      return AlongAxis.array(new double[] {sum}, like.shape(), like.dataType());
    }
  }

  private static double sum(INDArray terms, Temporaries temporaries) {
    INDArray row = terms.reshape('c', new long[] {1, terms.length()});
    return Primitives.rowSums(row, temporaries).getDouble(0);
  }

  /** A formula of the composite and an upstream gradient, or null. */
  @FunctionalInterface
  private interface Formula {
    INDArray apply(GumbelComposite<INDArray> composite, INDArray upstream);
  }

  private INDArray compute(
      GumbelSoftmaxKernel.Sweep sweep, Formula formula, DataType type, INDArray upstream) {
    INDArray[] others =
        upstream == null ? new INDArray[] {gumbels} : new INDArray[] {gumbels, upstream};
    try (Temporaries temporaries = new Temporaries()) {
      return new AlongAxis("logits", logits, -1, temporaries)
          .perElement(
              (z, arrays, rows, classes, out) ->
                  sweep.apply(z, arrays[0], temperature, rows, classes, second(arrays), out),
              (m, z, arrays) ->
                  formula.apply(
                      new GumbelComposite<>(m, z, arrays[0], temperature), second(arrays)),
              type,
              others);
    }
  }

  private static <T> T second(T[] arrays) {
    return arrays.length > 1 ? arrays[1] : null;
  }

  /** Noise like an array. */
  public static INDArray gumbels(INDArray like, long seed) {
    Inputs.requireFloating("like", like);
    if (like.isEmpty()) {
      return Nd4j.create(like.dataType(), like.shape());
    }
    return Temporaries.filled(
        Nd4j.createUninitialized(like.dataType(), like.shape(), 'c'), out -> draw(seed, out));
  }

  private static void draw(long seed, INDArray out) {
    Slices.fill(
        out.reshape('c', new long[] {out.length()}),
        1,
        Slices.OF_KERNELS,
        (from, to, temporaries) -> {
          DataType wide = Halves.wideType(out.dataType());
          INDArray noise = temporaries.keep(Nd4j.createUninitialized(wide, to - from));
          GumbelNoise.draw(seed, from, Fused.elements(noise, 0));
          return noise;
        });
  }
}
