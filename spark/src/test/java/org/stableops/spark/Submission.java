package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A run of the example program by spark-submit, whose main class needs no shell.
 *
 * @param output of the driver
 * @param events of the application
 */
record Submission(String output, EventLog events) {
  private static final String JVM_OPTIONS =
      "-Dai.djl.offline=true -Dai.djl.pytorch.num_threads=1 -Dorg.nd4j.log.initialization=false";

  static Submission run(Path directory, String master, List<String> settings, String... arguments)
      throws IOException, InterruptedException {
    Path events = Files.createDirectories(directory.resolve("events"));
    List<String> all = new ArrayList<>(List.of("--master", master, "--deploy-mode", "client"));
    all.addAll(List.of("--class", DigitsOnSpark.class.getName()));
    for (String setting : settings(events, settings)) {
      all.addAll(List.of("--conf", setting));
    }
    all.add(System.getProperty("cluster.application"));
    all.addAll(Arrays.asList(arguments));
    List<String> options = new ArrayList<>(List.of("-Xmx512m"));
    options.addAll(List.of(JVM_OPTIONS.split(" ")));
    try (SparkProcess driver =
        SparkProcess.start(
            directory.resolve("driver.log"),
            options,
            "org.apache.spark.deploy.SparkSubmit",
            all.toArray(String[]::new))) {
      int exitCode = driver.waitFor();
      if (exitCode != 0) {
        throw new AssertionError("ended with %d:%n%s".formatted(exitCode, driver.end()));
      }
      return new Submission(driver.output(), EventLog.read(events));
    }
  }

  private static List<String> settings(Path events, List<String> others) {
    List<String> all = new ArrayList<>();
    all.add("spark.ui.enabled=false");
    all.add("spark.driver.host=127.0.0.1");
    all.add("spark.eventLog.enabled=true");
    all.add("spark.eventLog.dir=" + events.toUri());
    all.add("spark.executor.cores=1");
    all.add("spark.executor.memory=512m");
    all.add(
        "spark.executor.extraJavaOptions=%s %s"
            .formatted(JVM_OPTIONS, String.join(" ", SparkProcess.SHORT_LIVED)));
    all.add("spark.executorEnv.OMP_NUM_THREADS=1");
    // No task before both executors are there, or the first one might do all of them.
    all.add("spark.scheduler.minRegisteredResourcesRatio=1.0");
    all.add("spark.scheduler.maxRegisteredResourcesWaitingTime=120s");
    all.addAll(others);
    return all;
  }

  /** What a line of the program's says. */
  Matcher printed(String pattern) {
    Matcher matcher = Pattern.compile("^" + pattern + "$", Pattern.MULTILINE).matcher(output);
    if (!matcher.find()) {
      throw new AssertionError("no '%s' in:%n%s".formatted(pattern, output));
    }
    return matcher;
  }
}
