package org.stableops.integration.nd4j;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Handwritten digits as ND4J wants them.
 *
 * @param pixels rows × 64, from 0 to 1
 * @param labels a column of classes, rows × 1, of the pixels' dtype as DL4J would make it
 * @param oneHot rows × 10
 */
record Digits(INDArray pixels, INDArray labels, INDArray oneHot) {
  private static final List<double[]> ROWS = read();

  /** Four rows of five. */
  static Digits train(DataType type) {
    return some(type, false);
  }

  /** Every fifth row. */
  static Digits heldOut(DataType type) {
    return some(type, true);
  }

  /** The first rows only. */
  static Digits few(DataType type, int count) {
    return of(type, ROWS.subList(0, count));
  }

  Digits batch(int index, int size) {
    long from = (long) index * size % (pixels.size(0) - size + 1);
    return new Digits(rows(pixels, from, size), rows(labels, from, size), rows(oneHot, from, size));
  }

  double accuracy(INDArray scores) {
    INDArray guesses = scores.argMax(1);
    long right = 0;
    for (long row = 0; row < guesses.length(); row++) {
      right += guesses.getLong(row) == labels.getLong(row) ? 1 : 0;
    }
    return (double) right / guesses.length();
  }

  private static INDArray rows(INDArray array, long from, long size) {
    return array.get(NDArrayIndex.interval(from, from + size), NDArrayIndex.all());
  }

  private static Digits some(DataType type, boolean heldOut) {
    List<Integer> indices =
        IntStream.range(0, ROWS.size()).filter(row -> (row % 5 == 0) == heldOut).boxed().toList();
    return of(type, indices.stream().map(ROWS::get).toList());
  }

  private static Digits of(DataType type, List<double[]> rows) {
    double[][] pixels = new double[rows.size()][];
    double[][] labels = new double[rows.size()][1];
    double[][] oneHot = new double[rows.size()][10];
    for (int row = 0; row < pixels.length; row++) {
      double[] numbers = rows.get(row);
      pixels[row] = Arrays.stream(numbers, 0, 64).map(pixel -> pixel / 16).toArray();
      labels[row][0] = numbers[64];
      oneHot[row][(int) numbers[64]] = 1;
    }
    return new Digits(
        Nd4j.createFromArray(pixels).castTo(type),
        Nd4j.createFromArray(labels).castTo(type),
        Nd4j.createFromArray(oneHot).castTo(type));
  }

  private static List<double[]> read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Digits.class.getResourceAsStream("/data/digits.csv.gz")),
                StandardCharsets.US_ASCII))) {
      return lines
          .lines()
          .map(line -> Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
