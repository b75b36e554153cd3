package org.stableops.integration;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM that prints, for each call of the linear cross-entropy, what it needs at
 * its height beside its arguments and their gradients, in percent of the size of the logits, which
 * are nowhere as a whole.
 */
final class LinearMemory {
  private static final int TOKENS = 2048;
  private static final int DIMENSION = 64;
  private static final int CLASSES = 32_000;
  private static final long LOGITS_KIB = (long) TOKENS * CLASSES * Float.BYTES / 1024;
  private static final long GRADIENTS_KIB =
      (long) (TOKENS + CLASSES) * DIMENSION * Float.BYTES / 1024;
  private static final CrossEntropyOptions OPTIONS =
      CrossEntropyOptions.DEFAULT.withIgnoreIndex(-1);

  private LinearMemory() {}

  /** Takes the host. */
  public static void main(String[] arguments) {
    List<String> printed = new ArrayList<>();
    if (arguments[0].equals("djl")) {
      try (NDManager manager = NDManager.newBaseManager()) {
        print(djl(manager), printed);
      }
    } else {
      print(nd4j(), printed);
    }
    System.out.println(String.join(" ", printed));
  }

  private static long[] labels() {
    return LongStream.range(0, TOKENS).map(n -> n % 5 == 0 ? -1 : n * 7 % CLASSES).toArray();
  }

  /** The first time is the warm-up: what the host's libraries keep for themselves is no call's. */
  private static void print(Map<String, Runnable> calls, List<String> printed) {
    calls.values().forEach(Runnable::run);
    for (Map.Entry<String, Runnable> call : calls.entrySet()) {
      long growth = ProcessMemory.growthKiB(call.getValue());
      long gradients = call.getKey().equals("value") ? 0 : GRADIENTS_KIB;
      printed.add(call.getKey() + "=" + 100 * (growth - gradients) / LOGITS_KIB);
    }
  }

  private static Map<String, Runnable> djl(NDManager manager) {
    NDArray h = manager.randomNormal(new Shape(TOKENS, DIMENSION));
    NDArray w = manager.randomNormal(new Shape(CLASSES, DIMENSION));
    NDArray y = manager.create(labels());
    Map<String, Runnable> calls = new LinkedHashMap<>();
    calls.put("value", () -> org.stableops.djl.LinearCrossEntropy.value(h, w, y, OPTIONS).close());
    calls.put(
        "gradients",
        () -> org.stableops.djl.LinearCrossEntropy.valueAndGradients(h, w, y, OPTIONS).close());
    LinearCrossEntropyDirection<NDArray> v = new LinearCrossEntropyDirection<>(h, w, null);
    calls.put(
        "gaussNewton",
        () -> org.stableops.djl.LinearCrossEntropy.gaussNewtonProduct(h, w, y, v, OPTIONS).close());
    calls.put("training", () -> train(h, w, y));
    return calls;
  }

  /** Of copies, whose gradients are then those of a step. */
  private static void train(NDArray hidden, NDArray weight, NDArray labels) {
    try (NDManager batch = hidden.getManager().newSubManager();
        GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray h = hidden.stopGradient();
      NDArray w = weight.stopGradient();
      h.attach(batch);
      w.attach(batch);
      h.setRequiresGradient(true);
      w.setRequiresGradient(true);
      collector.backward(org.stableops.djl.LinearCrossEntropy.value(h, w, labels, OPTIONS));
    }
  }

  private static Map<String, Runnable> nd4j() {
    INDArray h = Nd4j.randn(DataType.FLOAT, TOKENS, DIMENSION);
    INDArray w = Nd4j.randn(DataType.FLOAT, CLASSES, DIMENSION);
    INDArray y = Nd4j.createFromArray(labels());
    Map<String, Runnable> calls = new LinkedHashMap<>();
    calls.put("value", () -> org.stableops.nd4j.LinearCrossEntropy.value(h, w, y, OPTIONS).close());
    calls.put(
        "gradients",
        () -> org.stableops.nd4j.LinearCrossEntropy.valueAndGradients(h, w, y, OPTIONS).close());
    LinearCrossEntropyDirection<INDArray> v = new LinearCrossEntropyDirection<>(h, w, null);
    calls.put(
        "gaussNewton",
        () ->
            org.stableops.nd4j.LinearCrossEntropy.gaussNewtonProduct(h, w, y, v, OPTIONS).close());
    return calls;
  }
}
