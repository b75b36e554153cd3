package org.stableops.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What Spark itself writes down of an application.
 *
 * @param tasks that ended
 */
record EventLog(List<Task> tasks) {
  /**
   * A task.
   *
   * @param executor that ran it
   * @param succeeded whether it did
   * @param resultBytes that it sent to the driver
   */
  record Task(String executor, boolean succeeded, long resultBytes) {}

  /** Reads the one log of a directory. */
  static EventLog read(Path directory) throws IOException {
    List<Path> logs;
    try (Stream<Path> files = Files.list(directory)) {
      logs = files.filter(file -> !file.getFileName().toString().startsWith(".")).toList();
    }
    if (logs.size() != 1) {
      throw new AssertionError("one application writes one log, found " + logs);
    }
    ObjectMapper json = new ObjectMapper();
    List<Task> tasks = new ArrayList<>();
    for (String line : Files.readAllLines(logs.get(0))) {
      JsonNode event = json.readTree(line);
      if (event.path("Event").asText().equals("SparkListenerTaskEnd")) {
        tasks.add(task(event));
      }
    }
    return new EventLog(tasks);
  }

  private static Task task(JsonNode event) {
    return new Task(
        event.required("Task Info").required("Executor ID").asText(),
        event.required("Task End Reason").required("Reason").asText().equals("Success"),
        event.required("Task Metrics").required("Result Size").asLong());
  }

  Set<String> executors() {
    Set<String> executors = new TreeSet<>();
    tasks.forEach(task -> executors.add(task.executor()));
    return executors;
  }

  long mostResultBytes() {
    return tasks.stream().mapToLong(Task::resultBytes).max().orElseThrow();
  }
}
