package org.stableops.integration.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The memory of this process, native arrays included, as Linux counts it. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");

  private static final int MEASUREMENTS = 3;

  /**
   * The environment of a JVM that measures itself: glibc gives freed arrays of 16 kB and more back
   * at once, so that the process holds what the program holds.
   */
  public static final Map<String, String> ENVIRONMENT =
      Map.of("MALLOC_MMAP_THRESHOLD_", "16384", "MALLOC_ARENA_MAX", "1");

  private ProcessMemory() {}

  /**
   * Returns the options of a JVM that measures itself: its heap is there from the start, and it
   * does without C2, which takes ten megabytes while it compiles.
   *
   * @param heap as "256m"
   * @param more options
   * @return all of them
   */
  public static List<String> jvmOptions(String heap, String... more) {
    Stream<String> steady =
        Stream.of(
            "-Xms" + heap,
            "-Xmx" + heap,
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1");
    return Stream.concat(steady, Stream.of(more)).toList();
  }

  /** Whether the peak can be measured here. */
  public static boolean hasPeak() {
    return Files.exists(STATUS) && Files.isWritable(RESET);
  }

  /** What it holds now. */
  public static long residentKiB() throws IOException {
    return kibibytes("VmRSS:");
  }

  /** The most it has held since the last reset. */
  private static long peakKiB() throws IOException {
    return kibibytes("VmHWM:");
  }

  /** The peak growth of the process during a call. */
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
   * The median growth of a few calls. A single one may be off by megabytes, which the JIT compiler
   * takes or returns meanwhile.
   */
  public static long medianGrowthKiB(Runnable call) {
    return LongStream.generate(() -> growthKiB(call))
        .limit(MEASUREMENTS)
        .sorted()
        .skip(MEASUREMENTS / 2)
        .findFirst()
        .orElseThrow();
  }

  /** From now on the peak is counted anew. */
  private static void resetPeak() throws IOException {
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
