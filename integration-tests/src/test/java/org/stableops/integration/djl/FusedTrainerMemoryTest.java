package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.stableops.integration.Effort;
import org.stableops.integration.NewJvm;

/** Under a collector of ours nothing is freed too early, nothing stays, and little is needed. */
@Tag("thorough")
class FusedTrainerMemoryTest {
  private static final int STEPS = Effort.of(400, 4000);

  /** In as many, an array of 16 kB lost a step is more than a few kilobytes. */
  private static final int REPEATS = Effort.of(600, 1000);

  private static final long FEW_KILOBYTES = 6 * 1024;

  @Test
  void everyGradientOfALongTrainingInASmallHeapIsRight() throws Exception {
    NewJvm.Result result = ForkedJvm.run(GradientMarathon.class, "seeded", Integer.toString(STEPS));
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().contains("all " + STEPS + " steps right"), result.output());
  }

  private long number(String what, String fused, String printed)
      throws IOException, InterruptedException {
    NewJvm.Result result =
        ForkedJvm.run(SeededMemory.class, what, fused, Integer.toString(REPEATS));
    assertEquals(0, result.exitCode(), result.output());
    Matcher number = Pattern.compile(printed + ": (-?\\d+)").matcher(result.output());
    assertTrue(number.find(), result.output());
    System.out.println(what + ", fused " + fused + ", " + number.group());
    return Long.parseLong(number.group(1));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theProcessDoesNotGrow() throws IOException, InterruptedException {
    assertTrue(number("steps", "true", "grown by kB") < FEW_KILOBYTES);
  }

  @Test
  @Tag("endurance")
  @EnabledOnOs(OS.LINUX)
  void theProcessDoesNotGrowByComposites() throws IOException, InterruptedException {
    assertTrue(number("steps", "false", "grown by kB") < FEW_KILOBYTES);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aStepNeedsTheGradientOfTheLogitsAndNoMore() throws IOException, InterruptedException {
    assertTrue(number("peak", "true", "extra % of the logits") <= 110);
  }
}
