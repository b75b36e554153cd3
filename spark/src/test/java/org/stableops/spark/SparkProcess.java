package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.launcher.JavaModuleOptions;

/** A JVM that runs a class of Spark's from the staged jars, and nothing else. */
final class SparkProcess implements AutoCloseable {
  private static final Path HOME = Path.of(System.getProperty("cluster.home"));

  /** What lives for seconds is not worth the second compiler, nor threads that collect. */
  static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private static final int MOST_LINES = 60;

  private final Process process;
  private final Path log;

  private SparkProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static SparkProcess start(Path log, String main, String... arguments) throws IOException {
    return start(log, List.of("-Xmx256m"), main, arguments);
  }

  static SparkProcess start(Path log, List<String> options, String main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+")));
    command.addAll(SHORT_LIVED);
    command.addAll(options);
    command.addAll(List.of("-cp", HOME.resolve("jars") + "/*", main));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("SPARK_HOME", HOME.toString());
    // A distribution's scripts set it; without it a worker looks for a build of Spark.
    builder.environment().put("SPARK_SCALA_VERSION", "2.12");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("OMP_NUM_THREADS", "1");
    return new SparkProcess(builder.start(), log);
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  /** The last lines of its log. */
  String end() throws IOException {
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - MOST_LINES), lines.size()));
  }

  /** Waits for what its log says, that often, and returns the first. */
  Matcher await(Pattern pattern, int times) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(300).toNanos();
    while (System.nanoTime() < deadline) {
      boolean ended = !process.isAlive(); // Asked before its output is read, which is whole then.
      Matcher first = pattern.matcher(output());
      if (first.results().count() >= times) {
        first.reset();
        first.find();
        return first;
      }
      if (ended) {
        throw new AssertionError("ended without '%s':%n%s".formatted(pattern, end()));
      }
      Thread.sleep(100);
    }
    throw new AssertionError("no '%s' in 300 s:%n%s".formatted(pattern, end()));
  }

  int waitFor() throws IOException, InterruptedException {
    if (!process.waitFor(600, TimeUnit.SECONDS)) {
      throw new AssertionError("no end after 600 s:\n" + end());
    }
    return process.exitValue();
  }

  /** Ends it, and what it has started. */
  @Override
  public void close() {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(each -> each.onExit().join());
  }
}
