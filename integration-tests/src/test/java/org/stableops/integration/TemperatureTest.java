package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.host.Path;
import org.stableops.integration.newton.Fit;
import org.stableops.integration.newton.Logits;
import org.stableops.integration.newton.NewtonHost;
import org.stableops.integration.newton.NewtonHost.Rule;

/**
 * The temperature of a classifier that is too sure of itself, by Newton's method in both hosts: the
 * second derivative is that along the logits.
 */
class TemperatureTest {
  private static final MathContext DIGITS = new MathContext(30);

  private static Logits logits;

  @BeforeAll
  static void train() {
    logits = Logits.ofHeldOutDigits();
  }

  static Stream<Arguments> hosts() {
    return NewtonHost.ALL.stream()
        .flatMap(host -> Stream.of(Path.values()).map(path -> Arguments.of(host, path)));
  }

  private static Fit fit(NewtonHost host, Path path) {
    return path.run(() -> host.fitTemperature(logits));
  }

  @ParameterizedTest
  @MethodSource("hosts")
  void newtonsMethodFindsItInFiveSteps(NewtonHost host, Path path) {
    Fit fit = fit(host, path);
    assertTrue(fit.steps() <= 5, () -> fit.steps() + " steps");
    assertTrue(fit.last().value() < 0.7 * host.temperature(logits, 0).value());
    double temperature = Math.exp(fit.estimates()[0]);
    assertTrue(temperature > 2 && temperature < 3, () -> "temperature " + temperature);
  }

  /** The slope of the loss, in arithmetic of 30 digits, changes its sign there. */
  @ParameterizedTest
  @MethodSource("hosts")
  void theMinimumIsExact(NewtonHost host, Path path) {
    double inverse = Math.exp(-fit(host, path).estimates()[0]);
    assertTrue(slope(inverse * (1 - 4e-15)).signum() < 0);
    assertTrue(slope(inverse * (1 + 4e-15)).signum() > 0);
  }

  /** Σ (Σ p·z − z_y), p = softmax(z/T). */
  private static BigDecimal slope(double inverse) {
    BigDecimal scale = new BigDecimal(inverse);
    int classes = logits.z().length / logits.labels().length;
    BigDecimal slope = BigDecimal.ZERO;
    for (int row = 0; row < logits.labels().length; row++) {
      BigDecimal sum = BigDecimal.ZERO;
      BigDecimal weighted = BigDecimal.ZERO;
      for (int c = 0; c < classes; c++) {
        BigDecimal z = new BigDecimal(logits.z()[row * classes + c]);
        BigDecimal e = BigDecimalMath.exp(z.multiply(scale), DIGITS);
        sum = sum.add(e);
        weighted = weighted.add(e.multiply(z));
      }
      BigDecimal atLabel = new BigDecimal(logits.z()[row * classes + logits.labels()[row]]);
      slope = slope.add(weighted.divide(sum, DIGITS).subtract(atLabel));
    }
    return slope;
  }

  @Test
  void bothHostsAgreeToTheLastDigits() {
    double inDjl = fit(NewtonHost.ALL.get(0), Path.FUSED).estimates()[0];
    double inNd4j = fit(NewtonHost.ALL.get(1), Path.FUSED).estimates()[0];
    assertEquals(inDjl, inNd4j, 4 * Math.ulp(inDjl));
  }

  /** Two digits after a hundred steps, and seven after three hundred. */
  @Test
  void adamTakesHundredsOfSteps() {
    for (NewtonHost host : NewtonHost.ALL) {
      double minimum = fit(host, Path.FUSED).estimates()[0];
      List<double[]> adam =
          host.descend(Rule.ADAM, 0.1f, u -> host.temperature(logits, u[0]), new double[1], 300);
      assertTrue(Math.abs(adam.get(5)[0] - minimum) > 0.1);
      assertTrue(Math.abs(adam.get(100)[0] - minimum) > 1e-4);
      assertEquals(minimum, adam.get(300)[0], 1e-6);
    }
  }
}
