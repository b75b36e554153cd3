package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.integration.memory.ProcessMemory;

/** Composites work by blocks: a large array needs its result, and a few megabytes beside it. */
class CompositeMemoryTest {
  /** In percent of the logits' size, the result included, which is as large but for values. */
  private static final Map<String, Long> LIMITS =
      Map.of(
          "value", 20L,
          "denseValue", 25L,
          "gradient", 140L,
          "logSoftmax", 140L,
          "gumbelSoftmax", 140L,
          "softplus", 140L,
          "squareplus", 140L);

  @ParameterizedTest
  @ValueSource(strings = {"djl", "nd4j"})
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void aCallNeedsItsResultAndAFewMegabytes(String host) throws Exception {
    String line = NewJvm.lastLine(CompositeMemory.class, ProcessMemory.jvmOptions("256m"), host);
    System.out.println(host + ", percent of the logits: " + line);
    NewJvm.numbers(line)
        .forEach(
            (call, percent) -> {
              String what = host + ", " + call + "=" + percent;
              assertTrue(percent <= LIMITS.get(call), what);
              // The result is there: the measure works.
              assertTrue(LIMITS.get(call) < 100 || percent >= 90, what);
            });
  }
}
