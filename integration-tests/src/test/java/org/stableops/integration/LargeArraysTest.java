package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays of more than 2 GiB take the fused path by slices, and nothing beside their results. */
class LargeArraysTest {
  private static final List<String> LARGE =
      List.of(
          "-Xmx1g",
          "-Dorg.bytedeco.javacpp.maxbytes=16G",
          "-Dorg.bytedeco.javacpp.maxphysicalbytes=20G");

  /** In percent of the logits' size, the result included, which is as large but for values. */
  private static final Map<String, Long> LIMITS =
      Map.of(
          "softplus", 110L,
          "squareplusGradient", 110L,
          "logSoftmax", 110L,
          "value", 10L,
          "gradient", 110L);

  @ParameterizedTest
  @ValueSource(strings = {"djl", "nd4j"})
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void rowsAreThoseOfSmallArraysAndNothingLiesBesideTheResult(String host) throws Exception {
    String line = NewJvm.lastLine(LargeArrays.class, LARGE, host);
    System.out.println(host + ", more than 2 GiB, percent of the logits: " + line);
    NewJvm.numbers(line)
        .forEach((call, percent) -> assertTrue(percent <= LIMITS.get(call), host + ", " + line));
  }
}
