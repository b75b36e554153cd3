package org.stableops.integration.newton;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.stableops.integration.demo.Pictures;

/** Prints what Newton's method finds in both frameworks, and draws the picture of the docs. */
final class NewtonDemo {
  /** The best of multiples of 1e-4: with 1e-3 it does not converge. */
  private static final float REGRESSION_RATE = 8e-4f;

  /** One through the curvature at the start. */
  private static final float TEMPERATURE_RATE = 4e-3f;

  private NewtonDemo() {}

  /**
   * Runs everything.
   *
   * @param arguments the folder for {@code curvature.png}
   * @throws IOException if it cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Logits logits = Logits.ofHeldOutDigits();
    for (NewtonHost host : NewtonHost.ALL) {
      System.out.println(host);
      print("warp breaks, Poisson", host.fitPoisson(Counts.warpBreaks()));
      print("warp breaks, negative binomial", host.fitNegativeBinomial(Counts.warpBreaks()));
      print("insects, Poisson", host.fitPoisson(Counts.insects()));
      print("insects, negative binomial", host.fitNegativeBinomial(Counts.insects()));
      Fit temperature = host.fitTemperature(logits);
      print("logarithm of the digits' temperature", temperature);
      System.out.printf("    loss at temperature 1: %.6f%n", host.temperature(logits, 0).value());
      print("warp breaks, Poisson", regression(host));
      print(
          "logarithm of the temperature",
          Ways.of(
              host,
              logarithm -> host.temperature(logits, logarithm[0]),
              new double[1],
              temperature.estimates(),
              TEMPERATURE_RATE));
    }
    draw(NewtonHost.ALL.get(0), Path.of(arguments[0], "curvature.png"));
  }

  private static void print(String name, Fit fit) {
    System.out.printf(
        "  %s: %d steps, loss %.6f%n    estimates %s%n    standard errors %s%n",
        name,
        fit.steps(),
        fit.last().value(),
        list("%.15g", fit.estimates()),
        list("%.7g", fit.standardErrors()));
  }

  private static String list(String format, double... numbers) {
    return Arrays.stream(numbers)
        .mapToObj(x -> String.format(Locale.ROOT, format, x))
        .collect(Collectors.joining(" "));
  }

  private static Ways regression(NewtonHost host) {
    Counts data = Counts.warpBreaks();
    double[] minimum = Counts.warpBreaksCoefficients();
    return Ways.of(host, poisson(host, data), data.start(), minimum, REGRESSION_RATE);
  }

  private static Function<double[], Local> poisson(NewtonHost host, Counts data) {
    return beta -> host.poisson(data, NewtonHost.LIKELIHOOD, beta);
  }

  private static void print(String name, Ways ways) {
    System.out.printf("  %s: largest errors after steps%n", name);
    print("gradient descent", ways, ways.descent());
    print("Adam", ways, ways.adam());
    print("Newton", ways, ways.newton());
  }

  private static void print(String name, Ways ways, List<double[]> way) {
    String errors =
        ways.errors(way).entrySet().stream()
            .map(error -> "%d: %.1e".formatted(error.getKey(), error.getValue()))
            .collect(Collectors.joining(", "));
    System.out.printf("    %s %s%n", name, errors);
  }

  private static void draw(NewtonHost host, Path file) throws IOException {
    Counts data = Counts.warpBreaks();
    Pictures.writeBeside(
        NewtonCharts.direction(poisson(host, data), data.start()),
        NewtonCharts.convergence(regression(host)),
        file);
  }
}
