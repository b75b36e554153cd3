package org.stableops.integration.newton;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class NewtonTest {
  /** √(1 + x²), whose steps from beyond 1 are longer each than the one before. */
  private static Local distance(double... x) {
    double root = Math.sqrt(1 + x[0] * x[0]);
    return new Local(root, new double[] {x[0] / root}, new double[][] {{1 / (root * root * root)}});
  }

  private static Local hill(double... x) {
    return new Local(-x[0] * x[0], new double[] {-2 * x[0]}, new double[][] {{-2}});
  }

  @Test
  void stepsThatAreTooLongAreHalved() {
    Fit fit = Newton.minimize(NewtonTest::distance, 2);
    assertEquals(-8, fit.points().get(1)[0], 1e-14);
    assertEquals(-3, fit.points().get(2)[0], 1e-14);
    assertTrue(fit.steps() < 12, () -> fit.steps() + " steps");
    assertEquals(0, fit.estimates()[0], 1e-15);
  }

  @Test
  void aHessianThatIsNotPositiveDefiniteIsAnError() {
    assertThrows(IllegalStateException.class, () -> Newton.minimize(NewtonTest::hill, 1));
  }
}
