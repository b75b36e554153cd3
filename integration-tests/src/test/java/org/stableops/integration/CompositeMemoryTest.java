package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.integration.nd4j.NewJvm;

/** Composites work by blocks: a large array needs its result, and a few megabytes beside it. */
class CompositeMemoryTest {
  private static final List<String> SMALL = List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");

  /** In percent of the logits' size, the result included, which is as large but for values. */
  private static final Map<String, Long> LIMITS =
      Map.of(
          "value", 50L,
          "denseValue", 50L,
          "gradient", 160L,
          "logSoftmax", 160L,
          "gumbelSoftmax", 160L,
          "softplus", 160L,
          "squareplus", 160L);

  @ParameterizedTest
  @ValueSource(strings = {"djl", "nd4j"})
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void aCallNeedsItsResultAndAFewMegabytes(String host) throws Exception {
    String line = NewJvm.lastLine(CompositeMemory.class, SMALL, host);
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
