package org.stableops.integration.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.Reduction;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.SoftmaxCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

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
  private Supplier<GradientCollector> newCollector = Engine.getInstance()::newGradientCollector;
  private int wrong;

  private GradientMarathon() {}

  /** Takes what to run, {@code ours}, {@code seeded} or {@code host}, and the number of steps. */
  public static void main(String[] arguments) {
    GradientMarathon marathon = new GradientMarathon();
    int steps = Integer.parseInt(arguments[1]);
    for (int step = 0; step < steps && marathon.wrong == 0; step++) {
      System.setProperty(FusedPath.PROPERTY, Boolean.toString(step % 2 == 0));
      DataType type = step % 4 < 2 ? DataType.FLOAT32 : DataType.FLOAT64;
      try (NDManager manager = NDManager.newBaseManager()) {
        switch (arguments[0]) {
          case "ours" -> marathon.oneOfOurs(step, manager, type);
          case "seeded" -> marathon.seeded(step, manager, type);
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

  private void seeded(int step, NDManager manager, DataType type) {
    newCollector = SeededLosses::newGradientCollector;
    switch (step / 4 % 4) {
      case 0 -> crossEntropy(step, manager, type, Reduction.MEAN, false);
      case 1 -> crossEntropy(step, manager, type, Reduction.NONE, false);
      case 2 -> crossEntropy(step, manager, type, Reduction.MEAN, true);
      default -> maskedLoss(step, manager, type);
    }
  }

  private void oneOfOurs(int step, NDManager manager, DataType type) {
    switch (step / 4 % 10) {
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
      case 6 -> crossEntropy(step, manager, type, Reduction.MEAN, true);
      case 7 -> logSumExp(step, manager, type);
      case 8 -> logSoftmax(step, manager, type);
      default -> maskedLoss(step, manager, type);
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

  private void logSumExp(int step, NDManager manager, DataType type) {
    double[] z = numbers(ROWS * CLASSES, type, -5, 5);
    double[] upstream = numbers(ROWS, type, -2, 2);
    NDArray factor = Djl.array(manager, type, new Shape(ROWS), upstream);
    NDArray leaf = Djl.array(manager, type, new Shape(ROWS, CLASSES), z);
    double[] actual = gradient(step, leaf, x -> LogSumExp.value(x, 1).mul(factor));
    for (int i = 0; i < z.length; i++) {
      double p = softmax(z, i / CLASSES)[i % CLASSES];
      check(step, type, upstream[i / CLASSES] * p, actual[i], 1);
    }
  }

  private void logSoftmax(int step, NDManager manager, DataType type) {
    double[] z = numbers(ROWS * CLASSES, type, -5, 5);
    double[] upstream = numbers(ROWS * CLASSES, type, -2, 2);
    Shape shape = new Shape(ROWS, CLASSES);
    NDArray factor = Djl.array(manager, type, shape, upstream);
    NDArray leaf = Djl.array(manager, type, shape, z);
    double[] actual = gradient(step, leaf, x -> LogSoftmax.value(x, 1).mul(factor));
    for (int i = 0; i < z.length; i++) {
      double[] u = row(upstream, i / CLASSES);
      double expected = upstream[i] - softmax(z, i / CLASSES)[i % CLASSES] * Arrays.stream(u).sum();
      double magnitude = Arrays.stream(u).map(Math::abs).sum();
      check(step, type, expected, actual[i], magnitude / Math.abs(expected));
    }
  }

  /** Every option at once, floating labels and sample weights from memory of Java's. */
  private void maskedLoss(int step, NDManager manager, DataType type) {
    double[] classWeights = {1, 0.5, 2, 0.25, 1.5};
    double smoothing = 0.125;
    double zLoss = 0.25;
    double[] z = numbers(ROWS * CLASSES, type, -5, 5);
    double[] labels = random.longs(ROWS, 0, CLASSES).asDoubleStream().toArray();
    double[] weights = random.ints(ROWS, 0, 4).mapToDouble(i -> i / 2.0).toArray();
    weights[0] = 1;
    double[] upstream = numbers(1, type, -2, 2);
    NDArray factor = Djl.array(manager, type, new Shape(), upstream);
    NDArray leaf = Djl.array(manager, type, new Shape(ROWS, CLASSES), z);
    Loss loss =
        new FusedSoftmaxCrossEntropyLoss(
                CrossEntropyOptions.DEFAULT
                    .withLabelSmoothing(smoothing)
                    .withZLoss(zLoss)
                    .withClassWeights(classWeights))
            .withSampleWeights();
    double[] actual =
        gradient(
            step,
            leaf,
            x ->
                loss.evaluate(
                        new NDList(manager.create(labels), manager.create(weights)), new NDList(x))
                    .mul(factor));
    double denominator = 0;
    for (int row = 0; row < ROWS; row++) {
      denominator += weights[row] * classWeights[(int) labels[row]];
    }
    for (int row = 0; row < ROWS; row++) {
      double[] p = softmax(z, row);
      double lse = z[row * CLASSES] - Math.log(p[0]);
      double[] v = new double[CLASSES];
      for (int c = 0; c < CLASSES; c++) {
        double q = smoothing / CLASSES + (c == labels[row] ? 1 - smoothing : 0);
        v[c] = classWeights[c] * q;
      }
      double slope = 2 * zLoss * classWeights[(int) labels[row]] * lse;
      double scale = upstream[0] * weights[row] / denominator;
      double sum = Arrays.stream(v).sum();
      double magnitude = Math.abs(scale) * (sum + Math.abs(slope));
      for (int c = 0; c < CLASSES; c++) {
        double expected = scale * ((sum + slope) * p[c] - v[c]);
        double bar = expected == 0 ? 1 : magnitude / Math.abs(expected);
        check(step, type, expected, actual[row * CLASSES + c], bar);
      }
    }
  }

  private static double[] row(double[] matrix, int row) {
    return Arrays.copyOfRange(matrix, row * CLASSES, (row + 1) * CLASSES);
  }

  private static double[] softmax(double[] matrix, int row) {
    double[] exps = Arrays.stream(row(matrix, row)).map(Math::exp).toArray();
    double sum = Arrays.stream(exps).sum();
    return Arrays.stream(exps).map(e -> e / sum).toArray();
  }

  private static NDArray oneHot(NDManager manager, long[] labels) {
    double[] probabilities = new double[ROWS * CLASSES];
    for (int row = 0; row < ROWS; row++) {
      probabilities[row * CLASSES + (int) labels[row]] = 1;
    }
    return manager.create(probabilities, new Shape(ROWS, CLASSES));
  }

  private double[] numbers(int size, DataType type, double from, double to) {
    return random
        .doubles(size, from, to)
        .map(x -> type == DataType.FLOAT32 ? (float) x : x)
        .toArray();
  }

  private double[] gradient(int step, NDArray leaf, UnaryOperator<NDArray> function) {
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = newCollector.get()) {
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
