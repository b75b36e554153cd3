package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What is wrong with options, said before a job is started. */
final class Checks {
  private Checks() {}

  static void atLeastOne(CommandSpec command, String option, int value) {
    if (value < 1) {
      throw new ParameterException(
          command.commandLine(), "%s must be at least 1, got %d".formatted(option, value));
    }
  }

  static void positive(CommandSpec command, String option, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new ParameterException(
          command.commandLine(), "%s must be positive, got %s".formatted(option, value));
    }
  }

  static void canBeWritten(CommandSpec command, Path file) {
    if (!Files.isWritable(file.toAbsolutePath().getParent())) {
      throw new ParameterException(command.commandLine(), "cannot write " + file);
    }
  }

  static void exists(CommandSpec command, Path file) {
    if (!Files.exists(file)) {
      throw new ParameterException(command.commandLine(), "there is no " + file);
    }
  }

  static void exists(CommandSpec command, JavaSparkContext spark, String path) throws IOException {
    if (!isThere(spark, path)) {
      throw new ParameterException(command.commandLine(), "there is no " + path);
    }
  }

  static void isNew(CommandSpec command, JavaSparkContext spark, String path) throws IOException {
    if (isThere(spark, path)) {
      throw new ParameterException(command.commandLine(), path + " must not exist yet");
    }
  }

  /** Like Spark, which takes patterns too. */
  private static boolean isThere(JavaSparkContext spark, String pattern) throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(pattern);
    FileStatus[] matches = path.getFileSystem(spark.hadoopConfiguration()).globStatus(path);
    return matches != null && matches.length > 0;
  }
}
