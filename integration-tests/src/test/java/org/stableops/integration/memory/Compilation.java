package org.stableops.integration.memory;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.ObjectName;

/** HotSpot's compiler, whose memory comes and goes by the megabyte while a program runs. */
final class Compilation {
  /** HotSpot gives what a compiler used back every five seconds. */
  private static final int SECONDS_UNTIL_FREED = 6;

  private Compilation() {}

  /** What it has taken so far. */
  static long milliseconds() {
    return ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
  }

  /** Lets what is compiled be, compiles nothing more, and waits until its memory is given back. */
  static void stop() throws IOException {
    Path directives = Files.createTempFile("directives", ".json");
    try {
      Files.writeString(directives, "[{match: \"*.*\", c1: {Exclude: true}, c2: {Exclude: true}}]");
      String[] arguments = {directives.toString()};
      ManagementFactory.getPlatformMBeanServer()
          .invoke(
              new ObjectName("com.sun.management:type=DiagnosticCommand"),
              "compilerDirectivesAdd",
              new Object[] {arguments},
              new String[] {String[].class.getName()});
      TimeUnit.SECONDS.sleep(SECONDS_UNTIL_FREED);
    } catch (JMException | InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      Files.delete(directives);
    }
  }
}
