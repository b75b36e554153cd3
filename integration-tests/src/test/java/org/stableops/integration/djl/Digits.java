package org.stableops.integration.djl;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.ArrayDataset;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The first rows of the handwritten digits: 64 pixels between 0 and 1, and which digit it is. */
record Digits(double[] pixels, long[] labels) {
  static final int PIXELS = 64;
  static final int CLASSES = 10;

  static Digits load(int rows) throws IOException {
    List<double[]> table;
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Digits.class.getResourceAsStream("/data/digits.csv.gz")),
                StandardCharsets.US_ASCII))) {
      table = reader.lines().limit(rows).map(Digits::numbers).toList();
    }
    double[] pixels = new double[rows * PIXELS];
    long[] labels = new long[rows];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < PIXELS; i++) {
        pixels[row * PIXELS + i] = table.get(row)[i] / 16;
      }
      labels[row] = (long) table.get(row)[PIXELS];
    }
    return new Digits(pixels, labels);
  }

  private static double[] numbers(String line) {
    return List.of(line.split(",")).stream().mapToDouble(Double::parseDouble).toArray();
  }

  ArrayDataset sparse(NDManager manager, DataType type, int batch) {
    return new ArrayDataset.Builder()
        .setData(Djl.array(manager, type, new Shape(labels.length, PIXELS), pixels))
        .optLabels(manager.create(labels))
        .setSampling(batch, false)
        .build();
  }

  ArrayDataset oneHot(NDManager manager, DataType type, int batch) {
    return new ArrayDataset.Builder()
        .setData(Djl.array(manager, type, new Shape(labels.length, PIXELS), pixels))
        .optLabels(manager.create(labels).oneHot(CLASSES, type))
        .setSampling(batch, false)
        .build();
  }
}
