package org.stableops.integration.djl;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.stableops.FusedPath;
import org.stableops.integration.NewJvm;
import org.stableops.integration.memory.ProcessMemory;

/** A JVM of its own for what must not share, or may break, that of the tests. */
final class ForkedJvm {
  private ForkedJvm() {}

  static NewJvm.Result run(Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    return run(System.getProperty("java.class.path"), main, arguments);
  }

  static NewJvm.Result run(String classPath, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
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
    return NewJvm.run(command);
  }
}
