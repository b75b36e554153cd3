package org.stableops.op;

import java.util.Locale;

/** The names that graphs of SameDiff store. */
final class GraphNames {
  private GraphNames() {}

  /** Such as {@code stable_squareplus_inverse} for SquareplusInverse. */
  static String of(String operator) {
    String words = operator.replaceAll("(?<=.)(?=\\p{Lu})", "_");
    return "stable_" + words.toLowerCase(Locale.ROOT);
  }

  /** That of the gradient. */
  static String gradient(String graphName) {
    return graphName + "_bp";
  }

  /** That of the second derivative. */
  static String second(String graphName) {
    return graphName + "_second";
  }

  /** That of the Hessian's product with an array. */
  static String hessian(String graphName) {
    return graphName + "_hvp";
  }
}
