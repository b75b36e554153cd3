package org.stableops.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines of digits. */
class DigitTest {
  private static final String PIXELS = "0,".repeat(63) + "16,";

  @Test
  void parsesALine() {
    Digit digit = Digit.parse(PIXELS + "7");
    assertEquals(7, digit.label());
    assertEquals(0f, digit.pixels()[0]);
    assertEquals(1f, digit.pixels()[63]);
    assertEquals(7, digit.dataSet().getLabels().argMax(1).getInt(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0,;65 columns, got 66 columns",
        "seven;'numbers, got For input string: \"seven\"'",
        "10;a label from 0 to 9 at its end, got 10",
        "-1;a label from 0 to 9 at its end, got -1"
      })
  void refusesAnotherEnd(String end, String message) {
    assertRefused(PIXELS + end, message);
  }

  @Test
  void refusesAShortLine() {
    assertRefused("1,2,3", "65 columns, got 3 columns");
  }

  private static void assertRefused(String line, String message) {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> Digit.parse(line));
    assertEquals(
        "a line of digits must have %s in '%s'".formatted(message, line), refused.getMessage());
  }
}
