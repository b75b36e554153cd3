package org.stableops.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;

/** Tells how busy the other programs on the machine have been. Linux only. */
final class Neighbours {
  private static final Path STAT = Path.of("/proc/stat");

  /** Of the kernel's clock. */
  private static final double TICKS_A_SECOND = 100;

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final long begin = System.nanoTime();
  private final double busy = busySeconds();

  /** The processors that others have used since this was made, on average; NaN if unknown. */
  double processors() {
    return Math.max(0, busySeconds() - busy) / ((System.nanoTime() - begin) / 1e9);
  }

  private static double busySeconds() {
    if (!Files.exists(STAT)) {
      return Double.NaN;
    }
    // cpu user nice system idle iowait irq softirq steal
    try (Scanner numbers = new Scanner(Files.newBufferedReader(STAT))) {
      numbers.next();
      long busy = numbers.nextLong() + numbers.nextLong() + numbers.nextLong();
      numbers.nextLong();
      numbers.nextLong();
      busy += numbers.nextLong() + numbers.nextLong() + numbers.nextLong();
      return busy / TICKS_A_SECOND - SYSTEM.getProcessCpuTime() / 1e9;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
