package org.stableops.integration.memory;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Memory after so many calls or steps, and by how much it grows.
 *
 * @param done calls or steps
 * @param heap bytes of Java's heap after a collection
 * @param malloc bytes that malloc has given out, to the hosts and to the JVM
 * @param resident bytes of the process
 * @param live what the host counts: open arrays of DJL, bytes that JavaCPP holds for ND4J
 */
record Samples(double[] done, double[] heap, double[] malloc, double[] resident, double[] live) {
  private static final String HEADER = "done,heap_bytes,malloc_bytes,resident_bytes,live";

  /** The share of the samples in which caches fill. */
  private static final double WARM_UP = 0.3;

  /** How long the hosts' threads may take to release what a collection has found. */
  private static final int MILLISECONDS = 20;

  /** Collections that find nothing, after which nothing is left. */
  private static final int ENOUGH = 5;

  /** A sample now, as a line of a file. */
  static String line(int done, LongSupplier live) throws IOException, InterruptedException {
    long heap = heapAfterRelease();
    return "%d,%d,%d,%d,%d"
        .formatted(
            done, heap, Malloc.inUse(), 1024 * ProcessMemory.residentKiB(), live.getAsLong());
  }

  /**
   * Collects until nothing more is released. One collection is not enough: ND4J's threads release
   * an array after it, which makes the garbage of the next, and what they have yet to release moves
   * by megabytes from sample to sample.
   */
  private static long heapAfterRelease() throws InterruptedException {
    long least = heapAfterCollection();
    int idle = 0;
    while (idle < ENOUGH) {
      Thread.sleep(MILLISECONDS);
      long heap = heapAfterCollection();
      idle = heap < least ? 0 : idle + 1;
      least = Math.min(least, heap);
    }
    return least;
  }

  private static long heapAfterCollection() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  static PrintWriter writer(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    PrintWriter writer =
        new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.US_ASCII), true);
    writer.println(HEADER);
    return writer;
  }

  static Samples read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    double[][] rows =
        lines.stream()
            .skip(1)
            .map(line -> Arrays.stream(line.split(",")).mapToDouble(Double::parseDouble).toArray())
            .toArray(double[][]::new);
    return new Samples(
        column(rows, 0), column(rows, 1), column(rows, 2), column(rows, 3), column(rows, 4));
  }

  private static double[] column(double[][] rows, int column) {
    return Arrays.stream(rows).mapToDouble(row -> row[column]).toArray();
  }

  /** Bytes that the heap grows by a call. */
  double heapGrowth() {
    return growth(done, heap);
  }

  /** Bytes of malloc's that are not given back, a call. */
  double mallocGrowth() {
    return growth(done, malloc);
  }

  /** Bytes that the process grows by a call. */
  double residentGrowth() {
    return growth(done, resident);
  }

  /** What the host's own count grows by a call. */
  double liveGrowth() {
    return growth(done, live);
  }

  /**
   * The median of the slopes between any two samples after the warm-up (Theil, Sen): of a leak, its
   * size; of noise, and of steps that happen once or twice, about 0.
   */
  static double growth(double[] done, double[] bytes) {
    int from = (int) (WARM_UP * done.length);
    double[] slopes =
        IntStream.range(from, done.length)
            .boxed()
            .flatMapToDouble(
                i ->
                    IntStream.range(i + 1, done.length)
                        .mapToDouble(j -> (bytes[j] - bytes[i]) / (done[j] - done[i])))
            .sorted()
            .toArray();
    int middle = slopes.length / 2;
    return slopes.length % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
  }
}
