package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Spark's own cluster on the loopback interface: a master and two workers of one core each. */
final class StandaloneCluster implements AutoCloseable {
  static final int WORKERS = 2;
  private static final String HOST = "127.0.0.1";
  private static final Pattern STARTED =
      Pattern.compile("Starting Spark master at (spark://127\\.0\\.0\\.1:\\d+)");
  private static final Pattern REGISTERED = Pattern.compile("Registering worker ");

  private final List<SparkProcess> processes = new ArrayList<>();
  private final String master;

  StandaloneCluster(Path directory) throws IOException, InterruptedException {
    try {
      SparkProcess first = start(directory.resolve("master.log"), "master.Master");
      master = first.await(STARTED, 1).group(1);
      for (int i = 0; i < WORKERS; i++) {
        startWorker(directory.resolve("worker-" + i));
      }
      first.await(REGISTERED, WORKERS);
    } catch (IOException | InterruptedException | AssertionError e) {
      close();
      throw e;
    }
  }

  private void startWorker(Path directory) throws IOException {
    start(
        Path.of(directory + ".log"),
        "worker.Worker",
        "--cores",
        "1",
        "--memory",
        "1g",
        "--work-dir",
        directory.toString(),
        master);
  }

  /** At ports that are free. */
  private SparkProcess start(Path log, String main, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("--host", HOST, "--port", "0", "--webui-port", "0"));
    all.addAll(List.of(arguments));
    SparkProcess process =
        SparkProcess.start(log, "org.apache.spark.deploy." + main, all.toArray(String[]::new));
    processes.add(process);
    return process;
  }

  String master() {
    return master;
  }

  @Override
  public void close() {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).close();
    }
  }
}
