package org.stableops.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Another program that never lets go of one core, as there may be on a machine that is shared. */
final class BusyNeighbour implements AutoCloseable {
  private final Process process;

  private BusyNeighbour(Process process) {
    this.process = process;
  }

  /** Starts it. */
  static BusyNeighbour start() throws IOException {
    return new BusyNeighbour(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                BusyNeighbour.class.getName())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  /** Computes on one thread until the standard input ends, as it does with who has started it. */
  public static void main(String[] arguments) {
    Thread busy = new Thread(BusyNeighbour::spin);
    busy.setDaemon(true);
    busy.start();
    try {
      System.in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void spin() {
    double sum = 0;
    for (long i = 1; !Double.isNaN(sum); i++) {
      sum += Math.sqrt(i) / i;
    }
  }

  @Override
  public void close() {
    process.destroy();
  }
}
