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
          new NetworkShape(List.of(64, 64, 64, 10), 32, 4),
          new NetworkShape(List.of(784, 256, 256, 10), 128, 5),
          new NetworkShape(List.of(784, 1024, 1024, 1000), 256, 9));

  int inputs() {
    return widths.get(0);
  }

  int classes() {
    return widths.get(widths.size() - 1);
  }

  List<Integer> hidden() {
    return widths.subList(1, widths.size() - 1);
  }

  float[] features(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] features = new float[batch * inputs()];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble(-1, 1);
    }
    return features;
  }

  int[] labels(long seed) {
    return new SplittableRandom(seed + 1).ints(batch, 0, classes()).toArray();
  }

  /** One row of classes for each label. */
  float[] oneHotLabels(long seed) {
    int[] labels = labels(seed);
    float[] oneHot = new float[batch * classes()];
    IntStream.range(0, batch).forEach(row -> oneHot[row * classes() + labels[row]] = 1);
    return oneHot;
  }

  @Override
  public String toString() {
    return widths.stream().map(String::valueOf).collect(Collectors.joining("-"))
        + ", batch "
        + batch;
  }
}
