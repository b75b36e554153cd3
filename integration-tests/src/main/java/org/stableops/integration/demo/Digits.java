package org.stableops.integration.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * The handwritten digits of the UCI repository, always split in the same way.
 *
 * @param training what to learn from
 * @param heldOut what to be judged by
 */
public record Digits(Examples training, Examples heldOut) {
  /** The numbers of a digit: 8 rows of 8. */
  public static final int PIXELS = 64;

  /** How many digits there are. */
  public static final int CLASSES = 10;

  private static final String RESOURCE = "/data/digits.csv.gz";
  private static final double WHITEST = 16;
  private static final double TRAINING_SHARE = 0.8;
  private static final long SPLIT_SEED = 20261121;

  /**
   * Reads all of them.
   *
   * @return four fifths to learn from, and the rest
   */
  public static Digits load() {
    Examples all = parse(records());
    int[] rows = permutation(all.size(), new SplittableRandom(SPLIT_SEED));
    int cut = (int) (rows.length * TRAINING_SHARE);
    return new Digits(
        all.select(Arrays.copyOf(rows, cut)),
        all.select(Arrays.copyOfRange(rows, cut, rows.length)));
  }

  /** The training digits in a new order, the last batch perhaps a short one. */
  List<Examples> batches(int batchSize, RandomGenerator random) {
    int[] rows = permutation(training.size(), random);
    return IntStream.iterate(0, from -> from < rows.length, from -> from + batchSize)
        .mapToObj(from -> Arrays.copyOfRange(rows, from, Math.min(from + batchSize, rows.length)))
        .map(training::select)
        .toList();
  }

  private static List<CSVRecord> records() {
    try (InputStream file = Digits.class.getResourceAsStream(RESOURCE);
        InputStreamReader text =
            new InputStreamReader(new GZIPInputStream(file), StandardCharsets.US_ASCII);
        CSVParser parser = CSVFormat.DEFAULT.parse(text)) {
      return parser.getRecords();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }

  private static Examples parse(List<CSVRecord> records) {
    double[] pixels =
        records.stream()
            .flatMap(record -> record.stream().limit(PIXELS))
            .mapToDouble(pixel -> Integer.parseInt(pixel) / WHITEST)
            .toArray();
    int[] labels = records.stream().mapToInt(r -> Integer.parseInt(r.get(PIXELS))).toArray();
    return new Examples(pixels, labels);
  }

  private static int[] permutation(int size, RandomGenerator random) {
    int[] order = IntStream.range(0, size).toArray();
    for (int i = size - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}
