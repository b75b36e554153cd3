package org.stableops.integration.djl;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.stableops.FusedPath;
import org.stableops.integration.memory.ProcessMemory;

/** A JVM of its own for what must not share, or may break, that of the tests. */
final class ForkedJvm {
  /** How it ended, and everything it printed. */
  record Result(int exitCode, String output) {}

  private ForkedJvm() {}

  static Result run(Path directory, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    return run(directory, System.getProperty("java.class.path"), main, arguments);
  }

  static Result run(Path directory, String classPath, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    File output = Files.createTempFile(directory, main.getSimpleName(), ".txt").toFile();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // A small heap is collected often.
    command.addAll(ProcessMemory.jvmOptions("96m"));
    command.addAll(List.of("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"));
    // On the path of the JVM that compares its results.
    command.add("-D%s=%s".formatted(FusedPath.PROPERTY, FusedPath.isEnabled()));
    // A second thread only makes these small arrays wait for a core that others use.
    command.add("-Dai.djl.pytorch.num_threads=1");
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
    builder.environment().putAll(ProcessMemory.ENVIRONMENT);
    Process process = builder.start();
    try {
      if (!process.waitFor(300, TimeUnit.SECONDS)) {
        throw new AssertionError("no end after 300 s:\n" + Files.readString(output.toPath()));
      }
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(output.toPath()));
  }
}
