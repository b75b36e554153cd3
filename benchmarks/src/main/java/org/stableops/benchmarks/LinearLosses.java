package org.stableops.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.CrossEntropyOptions;
import org.stableops.FusedPath;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.ValueAndGradient;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.integration.memory.ProcessMemory;

/**
 * Prints how long the loss of a large vocabulary and its gradients to hidden states, weight and
 * bias take: by pieces, as a whole, by libtorch alone, and the three matrix products without a
 * loss, and the Gauss–Newton product; and how much memory they take at their height, beside
 * arguments and gradients, in units of the logits.
 *
 * <p>The contestants take turns in one JVM. The memory is honest only where freed blocks are given
 * back at once: set MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_ to 65536 for it, and look at
 * the times without.
 */
final class LinearLosses {
  private static final int[][] SHAPES = {{2048, 256, 32000}, {512, 512, 50257}};
  private static final CrossEntropyOptions DEFAULT = CrossEntropyOptions.DEFAULT;
  private static final int WARM_UP = 2;
  private static final int CALLS = 7;
  private static final int SEED = 1;
  private static final float SCALE = 0.05f;
  private static final int CHUNK = 256;

  private final int tokens;
  private final int width;
  private final int classes;
  private final Map<String, Runnable> contestants = new LinkedHashMap<>();

  private LinearLosses(int[] shape) {
    tokens = shape[0];
    width = shape[1];
    classes = shape[2];
  }

  /** Takes "djl" or "nd4j", and "fused" or "composite". */
  public static void main(String[] arguments) {
    String host = arguments.length == 0 ? "djl" : arguments[0];
    boolean isFused = arguments.length < 2 || !arguments[1].equals("composite");
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(isFused));
    System.out.println("| N, D, V | contestant | seconds | memory / logits |");
    System.out.println("| --- | --- | --- | --- |");
    for (int[] shape : SHAPES) {
      LinearLosses losses = new LinearLosses(shape);
      if (host.equals("djl")) {
        losses.djl();
      } else {
        losses.nd4j();
      }
    }
    System.exit(0);
  }

  private void djl() {
    try (NDManager manager = NDManager.newBaseManager()) {
      manager.getEngine().setRandomSeed(SEED);
      NDArray hidden = manager.randomNormal(new Shape(tokens, width));
      NDArray weight = manager.randomNormal(new Shape(classes, width)).mul(SCALE);
      NDArray bias = manager.zeros(new Shape(classes));
      NDArray labels =
          manager.randomUniform(0, classes, new Shape(tokens)).toType(DataType.INT64, false);
      for (NDArray leaf : new NDArray[] {hidden, weight, bias}) {
        leaf.setRequiresGradient(true);
      }
      contestants.put(
          "by pieces, FusedTrainer's collector",
          () ->
              step(
                  SeededLosses::newGradientCollector,
                  () -> LinearCrossEntropy.value(hidden, weight, bias, labels, null, DEFAULT)));
      contestants.put(
          "by pieces, stock collector",
          () ->
              step(
                  Engine.getInstance()::newGradientCollector,
                  () -> LinearCrossEntropy.value(hidden, weight, bias, labels, null, DEFAULT)));
      NDArray h = hidden.stopGradient();
      NDArray w = weight.stopGradient();
      NDArray b = bias.stopGradient();
      contestants.put(
          "by pieces, explicit",
          () -> {
            LinearCrossEntropyGradients<NDArray> all =
                LinearCrossEntropy.valueAndGradients(h, w, b, labels, null, DEFAULT);
            new NDList(all.loss(), all.hidden(), all.weight(), all.bias()).close();
          });
      LinearCrossEntropyDirection<NDArray> v = new LinearCrossEntropyDirection<>(h, w, b);
      contestants.put(
          "by pieces, Gauss–Newton product",
          () -> LinearCrossEntropy.gaussNewtonProduct(h, w, b, labels, null, v, DEFAULT).close());
      contestants.put(
          "by pieces, loss alone",
          () -> LinearCrossEntropy.value(h, w, b, labels, null, DEFAULT).close());
      contestants.put("the three products, by pieces", () -> products(h, w));
      contestants.put(
          "whole: Linear, our fused loss, FusedTrainer's collector",
          () ->
              step(
                  SeededLosses::newGradientCollector,
                  () ->
                      SparseSoftmaxCrossEntropy.value(
                          Linear.linear(hidden, weight, bias).singletonOrThrow(), labels)));
      contestants.put(
          "whole: libtorch's linear and cross_entropy_loss",
          () ->
              step(
                  Engine.getInstance()::newGradientCollector,
                  () -> Torch.call("linear_cross_entropy", hidden, weight, bias, labels)));
      print();
    }
  }

  private static void step(Supplier<GradientCollector> collector, Supplier<NDArray> loss) {
    try (GradientCollector recording = collector.get();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      recording.backward(loss.get());
    }
  }

  private void products(NDArray hidden, NDArray weight) {
    for (int from = 0; from < tokens; from += CHUNK) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray rows = hidden.get(from + ":" + Math.min(tokens, from + CHUNK));
        NDArray logits = rows.matMul(weight.transpose());
        logits.matMul(weight);
        logits.transpose().matMul(rows);
      }
    }
  }

  private void nd4j() {
    Nd4j.getRandom().setSeed(SEED);
    INDArray hidden = Nd4j.randn(tokens, width);
    INDArray weight = Nd4j.randn(classes, width).muli(SCALE);
    INDArray bias = Nd4j.zeros(classes);
    INDArray labels =
        Nd4j.rand(1, tokens).muli(classes).castTo(org.nd4j.linalg.api.buffer.DataType.INT64);
    INDArray ofTokens = labels.reshape(tokens);
    contestants.put(
        "by pieces",
        () -> {
          LinearCrossEntropyGradients<INDArray> all =
              org.stableops.nd4j.LinearCrossEntropy.valueAndGradients(
                  hidden, weight, bias, ofTokens, null, DEFAULT);
          close(all.loss(), all.hidden(), all.weight(), all.bias());
        });
    LinearCrossEntropyDirection<INDArray> v =
        new LinearCrossEntropyDirection<>(hidden, weight, bias);
    contestants.put(
        "by pieces, Gauss–Newton product",
        () ->
            org.stableops.nd4j.LinearCrossEntropy.gaussNewtonProduct(
                    hidden, weight, bias, ofTokens, null, v, DEFAULT)
                .close());
    contestants.put(
        "by pieces, loss alone",
        () ->
            close(
                org.stableops.nd4j.LinearCrossEntropy.value(
                    hidden, weight, bias, ofTokens, null, DEFAULT)));
    contestants.put("the three products, by pieces", () -> products(hidden, weight));
    contestants.put(
        "whole: mmul, our fused loss, mmul",
        () -> {
          INDArray logits = hidden.mmul(weight.transpose());
          logits.addiRowVector(bias);
          ValueAndGradient<INDArray> both =
              org.stableops.nd4j.SparseSoftmaxCrossEntropy.valueAndGradient(logits, ofTokens);
          INDArray g = both.gradient();
          close(logits, g.mmul(weight), g.transpose().mmul(hidden), g.sum(0), g, both.value());
        });
    print();
  }

  private void products(INDArray hidden, INDArray weight) {
    for (int from = 0; from < tokens; from += CHUNK) {
      INDArray rows =
          hidden.get(
              NDArrayIndex.interval(from, Math.min(tokens, from + CHUNK)), NDArrayIndex.all());
      INDArray logits = rows.mmul(weight.transpose());
      close(logits.mmul(weight), logits.transpose().mmul(rows), logits);
    }
  }

  private static void close(INDArray... arrays) {
    Arrays.stream(arrays).forEach(INDArray::close);
  }

  private void print() {
    for (int i = 0; i < WARM_UP; i++) {
      contestants.values().forEach(Runnable::run);
    }
    Map<String, double[]> seconds = new LinkedHashMap<>();
    for (int call = 0; call < CALLS; call++) {
      for (Map.Entry<String, Runnable> contestant : contestants.entrySet()) {
        long start = System.nanoTime();
        contestant.getValue().run();
        seconds.computeIfAbsent(contestant.getKey(), none -> new double[CALLS])[call] =
            (System.nanoTime() - start) / 1e9;
      }
    }
    for (Map.Entry<String, Runnable> contestant : contestants.entrySet()) {
      double[] times = seconds.get(contestant.getKey());
      Arrays.sort(times);
      System.out.printf(
          "| %d, %d, %d | %s | %.2f (%.2f–%.2f) | %.3f |%n",
          tokens,
          width,
          classes,
          contestant.getKey(),
          times[CALLS / 2],
          times[0],
          times[CALLS - 1],
          memory(contestant.getValue()));
    }
  }

  private double memory(Runnable call) {
    long growth = ProcessMemory.medianGrowthKiB(call);
    return 1024.0 * growth / ((double) Float.BYTES * tokens * classes);
  }
}
