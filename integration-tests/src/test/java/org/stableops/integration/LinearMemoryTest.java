package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.stableops.FusedPath;
import org.stableops.integration.memory.ProcessMemory;

/** The logits of a linear cross-entropy take the memory of a piece of them. */
class LinearMemoryTest {
  /** In percent of all logits: an eighth, and for composites what they compute a piece in. */
  private static final long FUSED = 12;

  private static final long COMPOSITE = 20;

  /** Of one array of a piece more. */
  private static final long DIRECTION = 7;

  @ParameterizedTest
  @CsvSource({"djl, true", "nd4j, true", "djl, false", "nd4j, false"})
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void aCallNeedsAPieceOfTheLogits(String host, boolean isFused) throws Exception {
    List<String> options =
        ProcessMemory.jvmOptions("256m", "-D" + FusedPath.PROPERTY + "=" + isFused);
    String line = NewJvm.lastLine(LinearMemory.class, options, host);
    System.out.println(host + ", fused " + isFused + ", percent of the logits: " + line);
    long limit = isFused ? FUSED : COMPOSITE;
    NewJvm.numbers(line)
        .forEach(
            (call, percent) -> {
              long more = call.equals("gaussNewton") ? DIRECTION : 0;
              assertTrue(percent <= limit + more, host + ", " + line);
            });
  }
}
