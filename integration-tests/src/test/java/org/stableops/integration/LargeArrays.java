package org.stableops.integration;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.memory.ProcessMemory;

/**
 * The main class of a JVM that calls operators of a host with float32 logits of more than 2 GiB.
 * For each it prints the height of its memory in percent of the logits; a call whose rows at both
 * ends and around 2 GiB are not what these rows give alone is followed by "!".
 */
final class LargeArrays {
  private static final int ROWS = 32_769;
  private static final int CLASSES = 16_384;
  private static final long KIB = (long) ROWS * CLASSES * Float.BYTES / 1024;

  /** Rows of a part with which the logits are filled, and of which it takes many. */
  private static final int PART = 64;

  private static final int FEW = 3;
  private static final int[] PLACES = {0, ROWS / 2, ROWS - FEW};
  private static final CrossEntropyOptions OF_ROWS =
      CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE);

  private LargeArrays() {}

  /** An operator on rows, of which the first has a number. */
  @FunctionalInterface
  private interface Call<A> {
    A apply(A rows, long from);
  }

  /** What is done with a host's arrays. */
  private interface HostArrays<A> {
    A rows(A array, int from, int to);

    float[] floats(A array);

    void close(A array);
  }

  /** Takes the host. */
  public static void main(String[] arguments) {
    List<String> printed = arguments[0].equals("djl") ? djl() : nd4j();
    System.out.println(String.join(" ", printed));
  }

  private static long[] labels(long from, long rows) {
    return LongStream.range(from, from + rows).map(row -> row * 7 % CLASSES).toArray();
  }

  private static List<String> djl() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray z = manager.create(new Shape(ROWS, CLASSES));
      NDArray part = manager.randomNormal(new Shape(PART, CLASSES));
      for (int from = 0; from < ROWS; from += PART) {
        int to = Math.min(ROWS, from + PART);
        try (NDArray rows = z.get(from + ":" + to);
            NDArray some = part.get("0:" + (to - from))) {
          rows.set(new NDIndex("..."), some);
        }
      }
      Map<String, Call<NDArray>> calls = new LinkedHashMap<>();
      calls.put("softplus", (x, from) -> org.stableops.djl.Softplus.value(x));
      calls.put("squareplusGradient", (x, from) -> org.stableops.djl.Squareplus.gradient(x));
      calls.put("logSoftmax", (x, from) -> org.stableops.djl.LogSoftmax.value(x));
      calls.put(
          "value",
          (x, from) -> {
            NDArray labels = manager.create(labels(from, x.getShape().get(0)));
            return org.stableops.djl.SparseSoftmaxCrossEntropy.value(x, labels, OF_ROWS);
          });
      calls.put(
          "gradient",
          (x, from) -> {
            NDArray labels = manager.create(labels(from, x.getShape().get(0)));
            return org.stableops.djl.SparseSoftmaxCrossEntropy.gradient(x, labels, OF_ROWS);
          });
      return measured(z, calls, new DjlArrays());
    }
  }

  private static final class DjlArrays implements HostArrays<NDArray> {
    @Override
    public NDArray rows(NDArray array, int from, int to) {
      return array.get(from + ":" + to).duplicate();
    }

    @Override
    public float[] floats(NDArray array) {
      return array.toFloatArray();
    }

    @Override
    public void close(NDArray array) {
      array.close();
    }
  }

  private static List<String> nd4j() {
    INDArray z = Nd4j.createUninitialized(DataType.FLOAT, ROWS, CLASSES);
    INDArray part = Nd4j.randn(DataType.FLOAT, PART, CLASSES);
    for (int from = 0; from < ROWS; from += PART) {
      int to = Math.min(ROWS, from + PART);
      Nd4jArrays.view(z, from, to).assign(Nd4jArrays.view(part, 0, to - from));
    }
    Map<String, Call<INDArray>> calls = new LinkedHashMap<>();
    calls.put("softplus", (x, from) -> org.stableops.nd4j.Softplus.value(x));
    calls.put("squareplusGradient", (x, from) -> org.stableops.nd4j.Squareplus.gradient(x));
    calls.put("logSoftmax", (x, from) -> org.stableops.nd4j.LogSoftmax.value(x));
    calls.put(
        "value",
        (x, from) ->
            org.stableops.nd4j.SparseSoftmaxCrossEntropy.value(
                x, Nd4j.createFromArray(labels(from, x.size(0))), OF_ROWS));
    calls.put(
        "gradient",
        (x, from) ->
            org.stableops.nd4j.SparseSoftmaxCrossEntropy.gradient(
                x, Nd4j.createFromArray(labels(from, x.size(0))), OF_ROWS));
    return measured(z, calls, new Nd4jArrays());
  }

  private static final class Nd4jArrays implements HostArrays<INDArray> {
    static INDArray view(INDArray array, int from, int to) {
      return array.rank() == 1
          ? array.get(NDArrayIndex.interval(from, to))
          : array.get(NDArrayIndex.interval(from, to), NDArrayIndex.all());
    }

    @Override
    public INDArray rows(INDArray array, int from, int to) {
      return view(array, from, to).dup();
    }

    @Override
    public float[] floats(INDArray array) {
      return array.data().asFloat();
    }

    @Override
    public void close(INDArray array) {
      array.close();
    }
  }

  private static <A> List<String> measured(A z, Map<String, Call<A>> calls, HostArrays<A> arrays) {
    List<String> printed = new ArrayList<>();
    for (Map.Entry<String, Call<A>> entry : calls.entrySet()) {
      List<A> results = new ArrayList<>();
      long growth = ProcessMemory.growthKiB(() -> results.add(entry.getValue().apply(z, 0)));
      A result = results.get(0);
      boolean isRight = true;
      for (int from : PLACES) {
        A few = arrays.rows(z, from, from + FEW);
        float[] expected = arrays.floats(entry.getValue().apply(few, from));
        A actual = arrays.rows(result, from, from + FEW);
        isRight &= Arrays.equals(expected, arrays.floats(actual));
      }
      printed.add(entry.getKey() + "=" + 100 * growth / KIB + (isRight ? "" : "!"));
      arrays.close(result);
    }
    return printed;
  }
}
