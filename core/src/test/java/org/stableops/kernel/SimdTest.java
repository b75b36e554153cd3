package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.FusedPath;

@Tag("thorough")
class SimdTest {
  private static final List<String> MODULE = List.of("--add-modules", "jdk.incubator.vector");

  /** What the kernels of a new JVM say of themselves. */
  private static String describe(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(MODULE);
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Describe.class.getName()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  static final class Describe {
    private Describe() {}

    public static void main(String[] arguments) {
      System.out.println(FusedPath.describe());
    }
  }

  @Test
  void vectorsAreUsedWhereTheModuleIsThere() throws Exception {
    assertTrue(describe().contains("Vector API"));
  }

  @Test
  void vectorsAreNotUsedWhereTheyWouldBeObjects() throws Exception {
    assertTrue(describe("-XX:TieredStopAtLevel=1").contains("plain Java"));
    assertTrue(describe("-Xint").contains("plain Java"));
  }

  @Test
  void thePropertyForbidsAndDemandsThem() throws Exception {
    assertTrue(describe("-Dstableops.simd=false").contains("plain Java"));
    String demanded = describe("-Dstableops.simd=True", "-XX:TieredStopAtLevel=1");
    assertTrue(demanded.contains("Vector API"));
  }

  @Test
  void theSecondCompilerIsSeenInWhatTheJvmSays() {
    assertTrue(Simd.hasSecondCompiler("mixed mode, sharing"));
    assertFalse(Simd.hasSecondCompiler("mixed mode, emulated-client, sharing"));
    assertFalse(Simd.hasSecondCompiler("interpreted mode, sharing"));
  }
}
