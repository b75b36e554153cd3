package org.stableops.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Consumer;

/** Lines from a JVM that measures to the one that started it, among what the hosts print. */
final class Messages {
  private static final String MARK = "@stableops ";

  private final PrintStream out;

  /** Takes the standard output for messages; what else is printed goes to the error stream. */
  Messages() {
    out = System.out;
    System.setOut(System.err);
  }

  void send(String message) {
    out.println(MARK + message);
    out.flush();
  }

  /** Gives a process its tasks, one a line. */
  static void give(Process process, List<?> tasks) {
    try (PrintWriter out = new PrintWriter(process.outputWriter())) {
      tasks.forEach(out::println);
    }
  }

  /** The tasks that this process was given. */
  static List<String> given() {
    return new BufferedReader(new InputStreamReader(System.in)).lines().toList();
  }

  /** Hands on all messages until the process ends. Returns its exit code. */
  static int receive(Process process, Consumer<String> receiver)
      throws IOException, InterruptedException {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(MARK)) {
          receiver.accept(line.substring(MARK.length()));
        }
      }
    } finally {
      process.destroy();
    }
    return process.waitFor();
  }
}
