package org.stableops.integration.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/** The memory of this process, native arrays included, as Linux counts it. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");

  private static final int CALLS = 3;

  private ProcessMemory() {}

  /** Whether the peak can be measured here. */
  public static boolean hasPeak() {
    return Files.exists(STATUS) && Files.isWritable(RESET);
  }

  /** What it holds now. */
  public static long residentKiB() throws IOException {
    return kibibytes("VmRSS:");
  }

  /** The most it has held since the last reset. */
  public static long peakKiB() throws IOException {
    return kibibytes("VmHWM:");
  }

  /** By how much it grows at the height of a call, its result included. */
  public static long growthKiB(Runnable call) {
    try {
      // Frees what the hosts leave to the collector.
      System.gc();
      long before = residentKiB();
      resetPeak();
      call.run();
      return peakKiB() - before;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The median of a few measurements. One of them may be ten megabytes too large or too small: so
   * much does the JIT compiler take while it compiles, and give back while a call runs.
   */
  public static long medianKiB(LongSupplier measurement) {
    return LongStream.generate(measurement)
        .limit(CALLS)
        .sorted()
        .skip(CALLS / 2)
        .findFirst()
        .orElseThrow();
  }

  /** From now on the peak is counted anew. */
  public static void resetPeak() throws IOException {
    Files.writeString(RESET, "5");
  }

  private static long kibibytes(String key) throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(key))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
