package org.stableops.benchmarks;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Starts the JVMs in which something is measured. */
final class Jvm {
  /**
   * What docs/kernels.md advises: glibc keeps up to 32 MiB of freed memory for the next result, as
   * it comes to do by itself while larger and larger blocks are freed, and threads of OpenMP that
   * have nothing to do leave the core to others.
   */
  static final Map<String, String> TUNED =
      Map.of(
          "MALLOC_MMAP_THRESHOLD_",
          Integer.toString(32 << 20),
          "MALLOC_TRIM_THRESHOLD_",
          Integer.toString(64 << 20),
          "MALLOC_ARENA_MAX",
          "1",
          "OMP_WAIT_POLICY",
          "passive");

  private Jvm() {}

  /**
   * Starts a main class with the class path and options of this JVM, and the same number of threads
   * for libtorch, for OpenMP in ND4J, and for our kernels.
   */
  static Process start(
      Class<?> main,
      Conditions conditions,
      List<String> options,
      Map<String, String> environment,
      File errors,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(conditions.mode().arguments);
    command.add("-Dai.djl.pytorch.num_threads=" + conditions.threads());
    command.add("-Dstableops.threads=" + conditions.threads());
    // The caller is one of them.
    command.add(
        "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + (conditions.threads() - 1));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors));
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(conditions.threads()));
    builder.environment().putAll(environment);
    return builder.start();
  }
}
