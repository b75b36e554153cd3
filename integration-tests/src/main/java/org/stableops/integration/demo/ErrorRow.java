package org.stableops.integration.demo;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The measured errors of an operator.
 *
 * @param operator its name
 * @param host the framework
 * @param path how it computes
 * @param dtype of arguments and results
 * @param value where the result is judged in ulp
 * @param gradient likewise
 * @param absolute of what is judged by its absolute error; or null
 */
record ErrorRow(
    String operator,
    String host,
    String path,
    String dtype,
    Measured value,
    Measured gradient,
    Measured absolute) {
  static final List<String> HEADER =
      List.of("operator", "host", "path", "dtype", "value", "gradient", "absolute");

  static final String EXPLANATION =
      "Largest error of the points \"of\" the error bar. ulp: units in the last place of the exact"
          + " result. ε: epsilon of the dtype; for the composite softplusInverse the value at"
          + " 0.4 ≤ βx < 1.1, in ε/β; for integer labels the gradient away from the label, in ε·W;"
          + " for class probabilities the loss in ε·Σ|terms| and the gradient in ε·W.";

  List<String> cells() {
    return List.of(
        operator,
        host,
        path,
        dtype,
        value.toString(),
        gradient.toString(),
        Objects.toString(absolute, ""));
  }

  boolean isMissed() {
    return Stream.of(value, gradient, absolute)
        .filter(Objects::nonNull)
        .anyMatch(Measured::isMissed);
  }
}
