package org.stableops.integration;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.FusedPath;
import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM that prints, for each composite of a host, what a call needs beside its
 * arguments at its height, its result included, in percent of the logits' size.
 */
final class CompositeMemory {
  private static final int ROWS = 1000;
  private static final int CLASSES = 16_384;
  private static final long LOGITS_KIB = (long) ROWS * CLASSES * Float.BYTES / 1024;

  private CompositeMemory() {}

  /** Takes the host. */
  public static void main(String[] arguments) {
    System.setProperty(FusedPath.PROPERTY, "false");
    if (arguments[0].equals("djl")) {
      try (NDManager manager = NDManager.newBaseManager()) {
        System.out.println(measured(djl(manager, ROWS), NDArray::close));
      }
    } else {
      System.out.println(measured(nd4j(ROWS), INDArray::close));
    }
  }

  private static Map<String, Supplier<NDArray>> djl(NDManager manager, int rows) {
    NDArray z = manager.randomNormal(new Shape(rows, CLASSES));
    NDArray labels = manager.arange(rows);
    NDArray probabilities = z.softmax(1);
    Map<String, Supplier<NDArray>> calls = new LinkedHashMap<>();
    calls.put("value", () -> org.stableops.djl.SparseSoftmaxCrossEntropy.value(z, labels));
    calls.put("denseValue", () -> org.stableops.djl.SoftmaxCrossEntropy.value(z, probabilities));
    calls.put("gradient", () -> org.stableops.djl.SparseSoftmaxCrossEntropy.gradient(z, labels));
    calls.put("logSoftmax", () -> org.stableops.djl.LogSoftmax.value(z));
    calls.put("gumbelSoftmax", () -> org.stableops.djl.GumbelSoftmax.value(z, probabilities, 0.5));
    calls.put("softplus", () -> org.stableops.djl.Softplus.value(z));
    calls.put("squareplus", () -> org.stableops.djl.Squareplus.value(z));
    return calls;
  }

  private static Map<String, Supplier<INDArray>> nd4j(int rows) {
    INDArray z = Nd4j.linspace(DataType.FLOAT, -3, 1e-6, (long) rows * CLASSES);
    INDArray logits = z.reshape('c', rows, CLASSES);
    INDArray labels = Nd4j.arange(rows).castTo(DataType.INT32);
    Map<String, Supplier<INDArray>> calls = new LinkedHashMap<>();
    calls.put("value", () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(logits, labels));
    calls.put(
        "gradient", () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.gradient(logits, labels));
    calls.put("logSoftmax", () -> org.stableops.nd4j.LogSoftmax.value(logits));
    calls.put("gumbelSoftmax", () -> org.stableops.nd4j.GumbelSoftmax.value(logits, logits, 0.5));
    calls.put("softplus", () -> org.stableops.nd4j.Softplus.value(logits));
    calls.put("squareplus", () -> org.stableops.nd4j.Squareplus.value(logits));
    return calls;
  }

  /** The first time is the warm-up: what the host's libraries keep for themselves is no call's. */
  private static <A> String measured(Map<String, Supplier<A>> calls, Consumer<A> close) {
    calls.values().forEach(call -> close.accept(call.get()));
    return calls.entrySet().stream()
        .map(call -> call.getKey() + "=" + percent(() -> close.accept(call.getValue().get())))
        .collect(Collectors.joining(" "));
  }

  private static long percent(Runnable call) {
    return 100 * ProcessMemory.medianGrowthKiB(call) / LOGITS_KIB;
  }
}
