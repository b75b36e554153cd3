package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class OperatorsTest {
  /** Graphs and blocks that users have saved hold these names. */
  @Test
  void namesAreThoseOfSavedGraphsAndBlocks() {
    assertEquals(
        List.of("Softplus", "SoftplusInverse", "Squareplus", "SquareplusInverse"),
        Operators.ALL.stream().map(Elementwise::toString).toList());
    assertEquals("stable_softplus", Operators.SOFTPLUS.graphName());
    assertEquals("stable_squareplus_inverse", Operators.SQUAREPLUS_INVERSE.graphName());
    assertEquals("stable_softplus_inverse_bp", Operators.SOFTPLUS_INVERSE.gradientGraphName());
    assertEquals("stable_squareplus_b_bp", Operators.SQUAREPLUS.parameterGradientGraphName());
    assertEquals("stable_softplus_beta_bp", Operators.SOFTPLUS.parameterGradientGraphName());
  }

  @Test
  void aParameterIsItselfOrRefused() {
    assertEquals(0, Operators.SQUAREPLUS.parameter().requireValid(0));
    assertEquals(2, Operators.SOFTPLUS.parameter().requireValid(2));
    ParameterRule beta = Operators.SOFTPLUS.parameter();
    assertThrows(IllegalArgumentException.class, () -> beta.requireValid(0));
    assertEquals(1, beta.byDefault());
  }
}
