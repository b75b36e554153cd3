package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import java.io.IOException;
import java.util.Arrays;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM with a heap of fixed size that repeats every operator, right calls and
 * wrong ones, and prints by how many kB the process grew. Of what is lost, the smallest array is 64
 * kB a step, or 32 kB where only every second step makes it.
 */
final class MemoryGrowth {
  private static final int WARM_UP = 150;
  private static final Shape SHAPE = new Shape(128, 128);

  private MemoryGrowth() {}

  /** Takes whether fused, and how many steps, after each of which a call is refused. */
  public static void main(String[] arguments) throws IOException {
    System.setProperty(FusedPath.PROPERTY, arguments[0]);
    int steps = Integer.parseInt(arguments[1]);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = Djl.waves(manager, DataType.FLOAT32, SHAPE, 1);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, SHAPE, -1);
      NDArray probabilities = CrossEntropyKind.DENSE.labels(manager, SHAPE, -1);
      NDArray weights = CrossEntropyKind.weights(manager, SHAPE, -1);
      NDArray badProbabilities = probabilities.duplicate();
      badProbabilities.set(new NDIndex("127, 127"), -1);
      NDArray badLabels = labels.add(SHAPE.get(1));
      int arrays = manager.getManagedArrays().size();
      long before = 0;
      for (int i = 0; i < WARM_UP + steps; i++) {
        if (i % 50 == 0) {
          // Buffers that Java has let go of are freed by a collection only.
          System.gc();
        }
        if (i == WARM_UP) {
          before = ProcessMemory.residentKiB();
        }
        step(i, x, labels, probabilities, weights);
        error(i, x, badProbabilities, badLabels, weights);
        int now = manager.getManagedArrays().size();
        if (now != arrays) {
          throw new IllegalStateException(now - arrays + " arrays more after step " + i);
        }
      }
      System.out.println("grown by kB: " + (ProcessMemory.residentKiB() - before));
    }
  }

  /** All of it with a gradient, in a sub-manager as a Trainer's batches are. */
  private static void step(
      int i, NDArray x, NDArray labels, NDArray probabilities, NDArray weights) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.values()[i % 3]);
    try (NDManager batch = x.getManager().newSubManager()) {
      NDArray leaf = x.duplicate();
      leaf.attach(batch);
      // Half of the time not contiguous.
      NDArray input = i % 4 < 2 ? leaf : leaf.transpose();
      for (Elementwise op : Elementwise.all()) {
        Djl.gradientArray(input, op::value);
        op.gradient(input);
      }
      withArrays(Elementwise.all().get(i % 4), input, probabilities);
      Djl.gradientArray(input, z -> CrossEntropyKind.SPARSE.value(z, labels, options));
      CrossEntropyKind.SPARSE.both(input, labels, options);
      try (NDArray own = probabilities.duplicate()) {
        own.attach(batch);
        Djl.gradientArray(input, z -> CrossEntropyKind.DENSE.value(z, own, options));
      }
      linear(input, labels, probabilities, weights, options.withLabelSmoothing(0.1));
      if (i % 2 == 0) {
        alongAnAxis(i / 4 % 2, input, input.stopGradient());
      } else {
        withEverything(input, labels, probabilities, weights, every(options));
      }
    }
  }

  /** With a parameter a column, which broadcasts, and as many parameters as elements. */
  private static void withArrays(Elementwise op, NDArray input, NDArray probabilities) {
    NDArray all = probabilities.add(1);
    all.attach(input.getManager());
    NDArray column = all.get(new NDIndex(":, 3:4"));
    NDArray half = input.toType(DataType.FLOAT16, true);
    NDArray halfColumn = column.toType(DataType.FLOAT16, true);
    op.parameterGradient(input, all);
    op.parameterGradient(input, column);
    op.parameterGradient(half, halfColumn);
    op.gradient(input, column);
    op.valueInto(input, column, input.duplicate());
    Djl.gradientArray(input, z -> op.value(z, column));
    Djl.gradientArray(column, p -> op.value(input, p));
    Djl.gradientArray(halfColumn, p -> op.value(half, p));
  }

  private static CrossEntropyOptions every(CrossEntropyOptions options) {
    double[] classWeights = new double[(int) SHAPE.get(1)];
    Arrays.fill(classWeights, 0.5);
    return options.withLabelSmoothing(0.1).withZLoss(0.01).withClassWeights(classWeights);
  }

  /** As many classes as tokens: the probabilities are the weight. */
  private static void linear(
      NDArray input,
      NDArray labels,
      NDArray weight,
      NDArray sampleWeights,
      CrossEntropyOptions options) {
    NDArray w = weight.duplicate();
    w.attach(input.getManager());
    LinearCrossEntropyGradients<NDArray> all =
        LinearCrossEntropy.valueAndGradients(input, w, null, labels, sampleWeights, options);
    LinearCrossEntropy.gaussNewtonProduct(
        input, w, null, labels, sampleWeights, all.direction(), options);
    Djl.gradientArray(input, h -> LinearCrossEntropy.value(h, w, labels, options));
    Djl.gradientArray(
        w, v -> LinearCrossEntropy.value(input, v, null, labels, sampleWeights, options));
  }

  private static void alongAnAxis(int axis, NDArray input, NDArray upstream) {
    Djl.gradientArray(input, z -> LogSumExp.value(z, axis));
    LogSumExp.gradient(input, axis);
    Djl.gradientArray(input, z -> LogSoftmax.value(z, axis).mul(upstream));
    LogSoftmax.gradient(input, axis, upstream);
  }

  /** All options with sample weights, by the operators and by the Loss. */
  private static void withEverything(
      NDArray input,
      NDArray labels,
      NDArray probabilities,
      NDArray weights,
      CrossEntropyOptions options) {
    CrossEntropyKind.SPARSE.evaluate(input, labels, weights, options);
    CrossEntropyKind.DENSE.evaluate(input, probabilities, weights, options).close();
    Djl.gradientArray(input, z -> CrossEntropyKind.DENSE.value(z, probabilities, weights, options));
    Loss loss = new FusedSoftmaxCrossEntropyLoss(options).withSampleWeights();
    try (NDArray floating = labels.toType(DataType.FLOAT32, true);
        NDArray mask = weights.gt(0)) {
      NDList masked = new NDList(floating, mask);
      Djl.gradientArray(input, z -> loss.evaluate(masked, new NDList(z)));
      loss.addAccumulator("train");
      loss.updateAccumulator("train", masked, new NDList(input));
    }
  }

  /** The last probability is the bad one: everything else has been done when it is found. */
  private static void error(
      int i, NDArray x, NDArray badProbabilities, NDArray badLabels, NDArray weights) {
    x.setRequiresGradient(true);
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    switch (i % 8) {
      case 0 -> assertInvalid(() -> CrossEntropyKind.DENSE.value(x, badProbabilities, options));
      case 1 -> assertInvalid(() -> CrossEntropyKind.DENSE.both(x, badProbabilities, options));
      case 2 ->
          assertInvalid(
              () -> CrossEntropyKind.DENSE.evaluate(x, badProbabilities, weights, options));
      case 3 -> {
        // No integers.
        Loss loss = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
        try (NDArray labels = weights.add(0.25)) {
          assertInvalid(() -> loss.evaluate(new NDList(labels, weights), new NDList(x)));
        }
      }
      case 4 -> assertInvalid(() -> LogSoftmax.gradient(x, 2, badProbabilities));
      case 5 -> assertInvalid(() -> Elementwise.all().get(i % 4).value(x, badProbabilities));
      case 6 -> assertInvalid(() -> LogSumExp.value(x, 2));
      default -> assertInvalid(() -> LinearCrossEntropy.valueAndGradients(x, x, badLabels));
    }
  }

  private static void assertInvalid(Runnable call) {
    boolean thrown = false;
    try {
      call.run();
    } catch (IllegalArgumentException expected) {
      thrown = true;
    }
    if (!thrown) {
      throw new IllegalStateException("a bad argument was taken");
    }
  }
}
