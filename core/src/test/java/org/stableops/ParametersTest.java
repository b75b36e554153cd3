package org.stableops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ParametersTest {
  @Test
  void notableValues() {
    assertEquals(4 * Math.log(2) * Math.log(2), Parameters.B_ABOVE_SOFTPLUS, 4e-16);
    assertEquals(Math.sqrt(Parameters.DEFAULT_B) / 2, 1);
  }

  @Test
  void refusesWhatIsInvalid() {
    assertEquals(5e-324, Parameters.requireBeta(5e-324));
    assertEquals(0, Parameters.requireB(0));
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      String message = "beta must be finite and > 0, got " + bad;
      assertEquals(
          message,
          assertThrows(IllegalArgumentException.class, () -> Parameters.requireBeta(bad))
              .getMessage());
    }
    for (double bad : new double[] {-1e-300, Double.NaN, Double.POSITIVE_INFINITY}) {
      String message = "b must be finite and >= 0, got " + bad;
      assertEquals(
          message,
          assertThrows(IllegalArgumentException.class, () -> Parameters.requireB(bad))
              .getMessage());
    }
  }
}
