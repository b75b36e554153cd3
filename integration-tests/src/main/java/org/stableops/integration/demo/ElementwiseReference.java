package org.stableops.integration.demo;

import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.IntPredicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.Points;

/**
 * An elementwise operator with its default parameter.
 *
 * @param function the operator
 * @param format the dtype
 * @param x arguments
 * @param values exact
 * @param gradients exact
 */
record ElementwiseReference(
    ElementwiseFunction function, Format format, double[] x, Exact[] values, Exact[] gradients)
    implements ErrorReference {

  static ElementwiseReference compute(ElementwiseFunction function, Format format, int points) {
    double parameter = function.parameters()[0];
    double[] x = Points.of(function, parameter, format, points);
    return new ElementwiseReference(
        function,
        format,
        x,
        exact(x, argument -> function.value(argument, parameter)),
        exact(x, argument -> function.gradient(argument, parameter)));
  }

  private static Exact[] exact(double[] x, DoubleFunction<Exact> function) {
    return DoubleStream.of(x).parallel().mapToObj(function).toArray(Exact[]::new);
  }

  @Override
  public ErrorRow measure(Host host, Path path) {
    double parameter = function.parameters()[0];
    double[] value = path.run(() -> host.value(function, x, parameter, format));
    double[] gradient = path.run(() -> host.gradient(function, x, parameter, format));
    boolean absolute = path == Path.COMPOSITE && function == ElementwiseFunction.SOFTPLUS_INVERSE;
    return new ErrorRow(
        camelCase(function.name()),
        host.name(),
        path.name().toLowerCase(Locale.ROOT),
        format.name().toLowerCase(Locale.ROOT),
        new Measured(ulps(value, values, i -> !(absolute && crosses(i))), "ulp", valueBar(path)),
        new Measured(ulps(gradient, gradients, i -> true), "ulp", gradientBar(path)),
        absolute ? new Measured(absolute(value), "ε", bar(path, 6, 6, 6)) : null);
  }

  /** Where the two terms of a composite softplusInverse cancel. β is 1 here. */
  private boolean crosses(int i) {
    return x[i] >= 0.4 && x[i] < 1.1;
  }

  private double ulps(double[] actual, Exact[] exact, IntPredicate counts) {
    return IntStream.range(0, actual.length)
        .filter(counts)
        .mapToDouble(i -> format.ulps(actual[i], exact[i]))
        .max()
        .orElse(0);
  }

  private double absolute(double[] actual) {
    return IntStream.range(0, actual.length)
        .filter(this::crosses)
        .mapToDouble(i -> Math.abs(actual[i] - values[i].nearest()) / format.epsilon())
        .max()
        .orElse(0);
  }

  private double valueBar(Path path) {
    return bar(path, 3, 4, 6);
  }

  private double gradientBar(Path path) {
    return bar(path, 4, 5, 8);
  }

  private double bar(Path path, double fusedFloat, double fusedDouble, double composite) {
    if (ErrorReference.isHalf(format)) {
      return 1;
    }
    if (path == Path.COMPOSITE) {
      return composite;
    }
    return format == Format.FLOAT64 ? fusedDouble : fusedFloat;
  }

  static String camelCase(String constant) {
    StringBuilder name = new StringBuilder();
    for (String word : constant.toLowerCase(Locale.ROOT).split("_")) {
      name.append(
          name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    return name.toString();
  }
}
