package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.stableops.integration.memory.ProcessMemory;

/** Runs a main method in a JVM of its own, on the class path of the tests. */
public final class NewJvm {
  private static final int PATIENCE_SECONDS = 600;

  private NewJvm() {}

  /**
   * Returns what the program printed, of which the last line is the interesting one.
   *
   * @param main the program
   * @param options of the JVM
   * @param arguments of the program
   */
  public static String lastLine(Class<?> main, List<String> options, Object... arguments)
      throws IOException, InterruptedException {
    return lastLine(Path.of(System.getProperty("java.home")), main, options, arguments);
  }

  /**
   * The same by another JDK.
   *
   * @param home of the JDK
   * @param main the program
   * @param options of the JVM
   * @param arguments of the program
   */
  public static String lastLine(Path home, Class<?> main, List<String> options, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve(Path.of("bin", "java")).toString());
    // Coverage is measured by the JVM of the tests; its agent's file is not to be shared.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-javaagent"))
        .forEach(command::add);
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Result result = run(command);
    assertEquals(0, result.exitCode, result.output);
    return result.output.lines().reduce("", (before, line) -> line);
  }

  /** How a JVM ended, and everything it printed. */
  public record Result(int exitCode, String output) {}

  /**
   * Runs a JVM to its end, however it ends.
   *
   * @param command with all options and arguments
   */
  public static Result run(List<String> command) throws IOException, InterruptedException {
    File output = File.createTempFile("new-jvm", ".txt");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
      builder.environment().putAll(ProcessMemory.ENVIRONMENT);
      Process process = builder.start();
      boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String text = Files.readString(output.toPath());
      assertTrue(ended, () -> "did not end: " + text);
      return new Result(process.exitValue(), text);
    } finally {
      Files.delete(output.toPath());
    }
  }

  /**
   * Reads a line of names and whole numbers.
   *
   * @param line as "heap=12 process=-3"
   * @return the numbers by their names
   */
  public static Map<String, Long> numbers(String line) {
    Map<String, Long> numbers = new HashMap<>();
    for (String entry : line.split(" ")) {
      String[] parts = entry.split("=");
      numbers.put(parts[0], Long.parseLong(parts[1]));
    }
    return numbers;
  }
}
