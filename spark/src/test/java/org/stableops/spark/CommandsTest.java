package org.stableops.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What is wrong with the options is said before anything is started. */
class CommandsTest {
  @ParameterizedTest
  @CsvSource({
    "train --data d --model m --workers 0, '--workers must be at least 1, got 0'",
    "train --data d --model m --batch-size -1, '--batch-size must be at least 1, got -1'",
    "train --model m, Missing required option: '--data=<data>'",
    "score-djl --data d --model nowhere --output o, there is no nowhere",
    "score-dl4j --data d --model pom.xml --output o --partitions 0, '--partitions must be at least"
        + " 1, got 0'",
    "to-djl --model nowhere --output o, there is no nowhere"
  })
  void refusesBadOptions(String line, String message) {
    StringWriter err = new StringWriter();
    int code =
        DigitsOnSpark.commandLine().setErr(new PrintWriter(err, true)).execute(line.split(" "));
    assertEquals(CommandLine.ExitCode.USAGE, code);
    assertEquals(message, err.toString().lines().findFirst().orElseThrow());
  }
}
