package org.stableops.integration.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this process, native arrays included, as Linux counts it. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");

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
