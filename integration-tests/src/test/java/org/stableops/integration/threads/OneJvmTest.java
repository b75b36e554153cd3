package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.stableops.integration.NewJvm;

/** Both hosts in one JVM, in either order and at the same moment, on common pools of every size. */
class OneJvmTest {
  private static final Path JVMS = Path.of("/usr/lib/jvm");
  private static String expected;

  @BeforeAll
  static void computeHere() throws Exception {
    expected = OneJvm.sums(OneJvm.djl(), OneJvm.nd4j());
  }

  @Test
  void withACommonPoolOfNoThread() throws Exception {
    check(0, "djl", "nd4j");
  }

  @ParameterizedTest
  @CsvSource({"1, nd4j djl", "7, both"})
  @Tag("endurance")
  void withOtherCommonPools(int parallelism, String hosts) throws Exception {
    check(parallelism, hosts.split(" "));
  }

  private static void check(int parallelism, String... hosts) throws Exception {
    List<Object> arguments = new ArrayList<>(List.of("platform"));
    arguments.addAll(List.of(hosts));
    String pool = "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + parallelism;
    String line = NewJvm.lastLine(OneJvm.class, List.of(pool), arguments.toArray());
    assertEquals(expected, line);
  }

  @Test
  @Tag("endurance")
  void virtualThreadsHaveTheBitsOfPlatformThreads() throws Exception {
    List<Path> homes = new ArrayList<>();
    if (Runtime.version().feature() >= 21) {
      homes.add(Path.of(System.getProperty("java.home")));
    } else if (Files.isDirectory(JVMS)) {
      addNewer(homes);
    }
    assumeTrue(!homes.isEmpty(), "no JDK with virtual threads");
    String line = NewJvm.lastLine(homes.get(0), OneJvm.class, List.of(), "virtual", "nd4j", "djl");
    assertEquals(expected, line);
  }

  private static void addNewer(List<Path> homes) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(JVMS, "*25*")) {
      for (Path home : found) {
        if (isNewer(home.resolve("release"))) {
          homes.add(home);
        }
      }
    }
  }

  /** By the file that every JDK has: another's name may have the digits, as 17.0.25's. */
  private static boolean isNewer(Path release) throws IOException {
    return Files.exists(release) && Files.readString(release).contains("JAVA_VERSION=\"25");
  }
}
