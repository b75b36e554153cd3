package org.stableops.benchmarks;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A network of dense layers, and the size of its batches.
 *
 * @param widths of the input and of every layer, the classes last
 * @param batch rows
 * @param seconds for which it is measured
 */
record NetworkShape(List<Integer> widths, int batch, double seconds) {
  static final List<NetworkShape> ALL =
      List.of(
          new NetworkShape(List.of(64, 64, 64, 10), 32, 2),
          new NetworkShape(List.of(784, 256, 256, 10), 128, 3),
          new NetworkShape(List.of(784, 1024, 1024, 1000), 256, 5));

  int inputs() {
    return widths.get(0);
  }

  int classes() {
    return widths.get(widths.size() - 1);
  }

  List<Integer> hidden() {
    return widths.subList(1, widths.size() - 1);
  }

  NetworkShape withBatch(int rows) {
    return new NetworkShape(widths, rows, seconds);
  }

  float[] features() {
    return uniform(CallBenchmark.seed(), batch * inputs(), 1);
  }

  int[] labels() {
    return new SplittableRandom(CallBenchmark.seed() + 1).ints(batch, 0, classes()).toArray();
  }

  /** What every network starts with, [inputs, outputs] in row-major order, as Glorot advises. */
  static float[] weights(int inputs, int outputs) {
    return uniform(CallBenchmark.seed() + 2, inputs * outputs, Math.sqrt(6.0 / (inputs + outputs)));
  }

  private static float[] uniform(long seed, int count, double limit) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextDouble(-limit, limit);
    }
    return numbers;
  }

  /** One row of classes for each label. */
  float[] oneHotLabels() {
    int[] labels = labels();
    float[] oneHot = new float[batch * classes()];
    IntStream.range(0, batch).forEach(row -> oneHot[row * classes() + labels[row]] = 1);
    return oneHot;
  }

  @Override
  public String toString() {
    return widths.stream().map(String::valueOf).collect(Collectors.joining("-"));
  }
}
