package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.BinaryOperator;
import org.stableops.internal.Arguments;
import org.stableops.kernel.GumbelNoise;
import org.stableops.kernel.GumbelSoftmaxKernel;
import org.stableops.op.GumbelComposite;

/** One call of the Gumbel-softmax on arrays of this host. */
public final class GumbelSoftmaxCall {
  private static final String NAME = "GumbelSoftmax";

  private final NDArray logits;
  private final NDArray gumbels;
  private final AlongAxis rows;
  private final double temperature;

  /** The temperature, if it is an array, which may want a gradient. */
  private final NDArray ofArray;

  private GumbelSoftmaxCall(NDArray logits, NDArray gumbels, double temperature, NDArray ofArray) {
    this.logits = logits;
    this.gumbels = gumbels;
    this.ofArray = ofArray;
    rows = new AlongAxis("logits", logits, -1);
    this.temperature = Arguments.requirePositive("temperature", temperature);
  }

  public static GumbelSoftmaxCall of(NDArray logits, NDArray gumbels, double temperature) {
    Inputs.requireLike("gumbels", gumbels, "logits", logits);
    return new GumbelSoftmaxCall(logits, gumbels, temperature, null);
  }

  public static GumbelSoftmaxCall of(NDArray logits, NDArray gumbels, NDArray temperature) {
    Inputs.requireLike("gumbels", gumbels, "logits", logits);
    Inputs.requireFloating("temperature", temperature);
    if (temperature.size() != 1) {
      throw new IllegalArgumentException(
          "temperature must have one element, got shape " + temperature.getShape());
    }
    return new GumbelSoftmaxCall(logits, gumbels, Numbers.doubles(temperature)[0], temperature);
  }

  /** The probabilities. */
  public NDArray value() {
    return Scoped.compute(
        () ->
            wantsGradient()
                ? inGraph((p, largest) -> p)
                : compute(GumbelSoftmaxKernel::value, (m, none) -> m.p(), type(), null));
  }

  /** The one-hot rows of the largest. */
  public NDArray hard() {
    return Scoped.compute(
        () -> wantsGradient() ? inGraph((p, largest) -> largest) : largest(type()));
  }

  private DataType type() {
    return logits.getDataType();
  }

  private NDArray largest(DataType type) {
    return compute(GumbelSoftmaxKernel::hard, (m, none) -> m.hard(), type, null);
  }

  private boolean wantsGradient() {
    return Autograd.wantsGradient(logits) || Autograd.wantsGradient(gumbels) || wantsTemperature();
  }

  private boolean wantsTemperature() {
    return ofArray != null && Autograd.wantsGradient(ofArray);
  }

  /** One of the probabilities and the one-hot rows, with the gradient of the former. */
  private NDArray inGraph(BinaryOperator<NDArray> choice) {
    DataType wide = Halves.wideType(type());
    NDArray p = compute(GumbelSoftmaxKernel::value, (m, none) -> m.p(), wide, null);
    NDArray largest = largest(wide);
    NDArray value = choice.apply(p, largest).toType(type(), false);
    if (Taylor.isOn()) {
      return Autograd.withValue(Taylor.softmax(Taylor.difference(argument(p)), p), value);
    }
    NDArray slope = p.div(Constants.create(temperature));
    NDArray scaled = null;
    for (NDArray argument : new NDArray[] {logits, gumbels}) {
      if (Autograd.wantsGradient(argument)) {
        NDArray product = argument.mul(slope);
        scaled = scaled == null ? product : scaled.add(product);
      }
    }
    NDArray other = wantsTemperature() ? byTemperature(wide, null).mul(ofArray) : null;
    return Autograd.softmax(scaled, other, p.neg(), largest.neg(), value);
  }

  /** (logits + gumbels)/temperature in the graph, but for what rows of softmax do not depend on. */
  private NDArray argument(NDArray p) {
    NDArray sum = Halves.widened(logits).add(Halves.widened(gumbels));
    // A copy is of libtorch's memory, to which autograd may keep a pointer.
    NDArray divisor = ofArray == null ? Constants.create(temperature).duplicate() : ofArray;
    return fromLargest(sum, p).div(divisor.reshape(new Shape()));
  }

  /**
   * The sums less the largest of their row, and 0 where p is 0 and for ∞ − ∞: the temperature has
   * their product with a gradient, and 0·∞ would be NaN.
   */
  private static NDArray fromLargest(NDArray sum, NDArray p) {
    NDArray largest = sum.stopGradient().max(new int[] {sum.getShape().dimension() - 1}, true);
    NDArray difference = sum.sub(largest);
    NDArray live = DjlAlgebra.INSTANCE.select(p.eq(Constants.of(0)), p.zerosLike(), difference);
    return DjlAlgebra.INSTANCE.nanToZero(live);
  }

  /** The gradient of Σ upstream·p by the logits. */
  public NDArray gradient(NDArray upstream) {
    Inputs.requireLike("upstream", upstream, "logits", logits);
    return Scoped.compute(
        () -> compute(GumbelSoftmaxKernel::gradient, GumbelComposite::gradient, type(), upstream));
  }

  /** The gradient of Σ upstream·p by the temperature, which is an array. */
  public NDArray temperatureGradient(NDArray upstream) {
    Inputs.requireLike("upstream", upstream, "logits", logits);
    return Scoped.compute(
        () -> {
          NDArray sum = byTemperature(DataType.FLOAT64, upstream).sum().reshape(ofArray.getShape());
          return sum.toType(ofArray.getDataType(), false);
        });
  }

  private NDArray byTemperature(DataType type, NDArray upstream) {
    return compute(
        GumbelSoftmaxKernel::byTemperature,
        (m, u) -> u == null ? m.byTemperature() : m.byTemperature(u),
        type,
        upstream);
  }

  /** A formula of the composite and an upstream gradient, or null. */
  @FunctionalInterface
  private interface Formula {
    NDArray apply(GumbelComposite<NDArray> composite, NDArray upstream);
  }

  private NDArray compute(
      GumbelSoftmaxKernel.Sweep sweep, Formula formula, DataType type, NDArray upstream) {
    NDArray[] others =
        upstream == null ? new NDArray[] {gumbels} : new NDArray[] {gumbels, upstream};
    return rows.perElement(
        (z, arrays, count, classes, out) ->
            sweep.apply(z, arrays[0], temperature, count, classes, second(arrays), out),
        (z, arrays) -> formula.apply(composite(z, arrays[0]), second(arrays)),
        type,
        others);
  }

  /** A temperature may change at every step: its numbers are not kept. */
  private GumbelComposite<NDArray> composite(NDArray z, NDArray g) {
    return new GumbelComposite<>(DjlAlgebra.OF_CHANGING_NUMBERS, z, g, temperature);
  }

  private static <T> T second(T[] arrays) {
    return arrays.length > 1 ? arrays[1] : null;
  }

  /** Noise like an array. */
  public static NDArray gumbels(NDArray like, long seed) {
    Inputs.requireFloating("like", like);
    if (like.size() == 0) {
      return like.getManager().create(like.getShape(), like.getDataType(), like.getDevice());
    }
    return Scoped.compute(
        () -> {
          NDArray[] noise =
              Slices.compute(
                  like.size(),
                  1,
                  Slices.OF_KERNELS,
                  (from, to) -> new NDArray[] {draw(like, seed, from, to)});
          return noise[0].reshape(like.getShape());
        });
  }

  private static NDArray draw(NDArray like, long seed, long from, long to) {
    DataType type = like.getDataType();
    NDArray wide =
        like.getManager().create(new Shape(to - from), Halves.wideType(type), Device.cpu());
    GumbelNoise.draw(seed, from, Fused.elements(wide));
    return wide.toType(type, false).toDevice(like.getDevice(), false);
  }

  /** The operator as a block. */
  public static Block block(double temperature) {
    return block(NAME, temperature, (z, g) -> of(z, g, temperature).value());
  }

  /** The operator with one-hot rows as a block. */
  public static Block hardBlock(double temperature) {
    return block("Hard" + NAME, temperature, (z, g) -> of(z, g, temperature).hard());
  }

  private static Block block(String name, double temperature, BinaryOperator<NDArray> operator) {
    Arguments.requirePositive("temperature", temperature);
    return new OpBlock(
            name,
            1,
            1,
            (inputs, training) ->
                Scoped.compute(() -> operator.apply(inputs.get(0), noise(inputs, training))),
            shapes -> shapes[0])
        .describedBy(temperature);
  }

  private static NDArray noise(NDList inputs, boolean training) {
    if (inputs.size() > 1) {
      return inputs.get(1);
    }
    NDArray logits = inputs.get(0);
    Inputs.requireFloating("logits", logits);
    return training ? gumbels(logits, seed(logits.getManager())) : logits.zerosLike();
  }

  /** A number of the engine's own generator, which follows its seed. */
  private static long seed(NDManager manager) {
    return manager.randomInteger(0, Long.MAX_VALUE, new Shape(1), DataType.INT64).toLongArray()[0];
  }

  /** The gradient as a block. */
  public static Block gradientBlock(double temperature) {
    return gradientBlock(NAME, temperature);
  }

  /** The gradient of the block with one-hot rows: the same. */
  public static Block hardGradientBlock(double temperature) {
    return gradientBlock("Hard" + NAME, temperature);
  }

  private static Block gradientBlock(String name, double temperature) {
    Arguments.requirePositive("temperature", temperature);
    return new OpBlock(
            name + "Gradient",
            3,
            inputs -> of(inputs.get(0), inputs.get(1), temperature).gradient(inputs.get(2)),
            shapes -> shapes[0])
        .describedBy(temperature);
  }
}
