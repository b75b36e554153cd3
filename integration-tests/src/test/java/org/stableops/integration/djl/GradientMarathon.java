package org.stableops.integration.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
import org.stableops.kernel.FusedPath;

/**
 * The main class of a small JVM that takes many training steps and compares every gradient with one
 * in plain Java. Between forward and backward, garbage is collected and the memory that it frees is
 * overwritten: what autograd keeps of Java's would then be wrong.
 */
final class GradientMarathon {
  private static final double GARBAGE = -777;
  private static final int ROWS = 6;
  private static final int CLASSES = 5;

  private final Random random = new Random(42);
  private final ByteBuffer[] churned = new ByteBuffer[4000];
  private int wrong;

  private GradientMarathon() {}

  /** Takes what to run, {@code ours} or {@code host}, and the number of steps. */
  public static void main(String[] arguments) {
    GradientMarathon marathon = new GradientMarathon();
    int steps = Integer.parseInt(arguments[1]);
    for (int step = 0; step < steps && marathon.wrong == 0; step++) {
      System.setProperty(FusedPath.PROPERTY, Boolean.toString(step % 2 == 0));
      DataType type = step % 4 < 2 ? DataType.FLOAT32 : DataType.FLOAT64;
      try (NDManager manager = NDManager.newBaseManager()) {
        switch (arguments[0]) {
          case "ours" -> marathon.oneOfOurs(step, manager, type);
          case "host" -> marathon.productWithNumber(step, manager, type);
          default -> throw new IllegalArgumentException(arguments[0]);
        }
      }
      if (marathon.wrong == 0 && step == steps - 1) {
        System.out.println("all " + steps + " steps right");
      }
    }
    System.exit(marathon.wrong == 0 ? 0 : 1);
  }

  private void oneOfOurs(int step, NDManager manager, DataType type) {
    switch (step / 4 % 7) {
      case 0 -> elementwise(step, manager, type, Softplus::value, x -> 1 / (1 + Math.exp(-x)));
      case 1 ->
          elementwise(step, manager, type, SoftplusInverse::value, x -> 1 + 1 / Math.expm1(x));
      case 2 ->
          elementwise(
              step,
              manager,
              type,
              Squareplus::value,
              // 2/(r(r + |x|)): nothing cancels.
              x -> {
                double r = Math.sqrt(x * x + 4);
                double small = 2 / (r * (r + Math.abs(x)));
                return x > 0 ? 1 - small : small;
              });
      case 3 -> elementwise(step, manager, type, SquareplusInverse::value, x -> 1 + 1 / (x * x));
      case 4 -> crossEntropy(step, manager, type, Reduction.MEAN, false);
      case 5 -> crossEntropy(step, manager, type, Reduction.NONE, false);
      default -> crossEntropy(step, manager, type, Reduction.MEAN, true);
    }
  }

  private void productWithNumber(int step, NDManager manager, DataType type) {
    elementwise(step, manager, type, x -> x.mul(3f), x -> 3);
  }

  private void elementwise(
      int step,
      NDManager manager,
      DataType type,
      UnaryOperator<NDArray> function,
      DoubleUnaryOperator derivative) {
    int size = 1 + random.nextInt(64);
    double[] x = numbers(size, type, 0.25, 6);
    double[] upstream = numbers(size, type, -2, 2);
    NDArray leaf = Djl.array(manager, type, new Shape(size), x);
    NDArray factor = Djl.array(manager, type, new Shape(size), upstream);
    double[] actual = gradient(step, leaf, y -> function.apply(y).mul(factor));
    for (int i = 0; i < size; i++) {
      check(step, type, upstream[i] * derivative.applyAsDouble(x[i]), actual[i], 1);
    }
  }

  private void crossEntropy(
      int step, NDManager manager, DataType type, Reduction reduction, boolean dense) {
    double[] z = numbers(ROWS * CLASSES, type, -5, 5);
    long[] labels = random.longs(ROWS, 0, CLASSES).toArray();
    double[] upstream = numbers(reduction == Reduction.NONE ? ROWS : 1, type, -2, 2);
    NDArray leaf = Djl.array(manager, type, new Shape(ROWS, CLASSES), z);
    Shape lossShape = reduction == Reduction.NONE ? new Shape(ROWS) : new Shape();
    NDArray factor = Djl.array(manager, type, lossShape, upstream);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withReduction(reduction);
    double[] actual =
        gradient(
            step,
            leaf,
            x ->
                (dense
                        ? SoftmaxCrossEntropy.value(x, oneHot(manager, labels), options)
                        : SparseSoftmaxCrossEntropy.value(x, manager.create(labels), options))
                    .mul(factor));
    for (int row = 0; row < ROWS; row++) {
      double scale = reduction == Reduction.NONE ? upstream[row] : upstream[0] / ROWS;
      double[] logits = Arrays.copyOfRange(z, row * CLASSES, (row + 1) * CLASSES);
      double sum = Arrays.stream(logits).map(Math::exp).sum();
      for (int c = 0; c < CLASSES; c++) {
        double p = Math.exp(logits[c]) / sum;
        double expected = scale * (c == labels[row] ? p - 1 : p);
        check(step, type, expected, actual[row * CLASSES + c], Math.abs(scale / expected));
      }
    }
  }

  private static NDArray oneHot(NDManager manager, long[] labels) {
    double[] masses = new double[ROWS * CLASSES];
    for (int row = 0; row < ROWS; row++) {
      masses[row * CLASSES + (int) labels[row]] = 1;
    }
    return manager.create(masses, new Shape(ROWS, CLASSES));
  }

  private double[] numbers(int size, DataType type, double from, double to) {
    return random
        .doubles(size, from, to)
        .map(x -> type == DataType.FLOAT32 ? (float) x : x)
        .toArray();
  }

  private double[] gradient(int step, NDArray leaf, UnaryOperator<NDArray> function) {
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray target = function.apply(leaf);
      if (step % 20 == 0) {
        System.gc();
      }
      churn(step);
      collector.backward(target);
    }
    return Djl.doubles(leaf.getGradient());
  }

  /** Takes memory of the sizes that were just freed, and fills it. */
  private void churn(int step) {
    int count = step % 20 == 0 ? churned.length : 50;
    for (int i = 0; i < count; i++) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(i % 3 == 0 ? 4 : i % 3 == 1 ? 8 : 240);
      buffer.order(ByteOrder.nativeOrder());
      while (buffer.remaining() >= 8) {
        buffer.putDouble(GARBAGE);
      }
      while (buffer.hasRemaining()) {
        buffer.putFloat((float) GARBAGE);
      }
      churned[i] = buffer;
    }
  }

  /** Within 6 units of 2^-23 or 2^-52 of the expected times a factor; an upstream rounds too. */
  private void check(int step, DataType type, double expected, double actual, double factor) {
    double epsilon = type == DataType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    double tolerance = 6 * epsilon * Math.max(1, factor) * Math.abs(expected);
    // Not true for NaN.
    if (!(Math.abs(actual - expected) <= tolerance)) {
      System.out.printf(
          "step %d, %s, fused %s: expected %s, got %s%n",
          step, type, System.getProperty(FusedPath.PROPERTY), expected, actual);
      wrong++;
    }
  }
}
