package org.stableops.internal;

/** Checks of arguments that classes of all modules share. */
public final class Arguments {
  private Arguments() {}

  /**
   * Returns an argument if it is not null.
   *
   * @param name that of the argument, for the message
   * @param argument any
   * @param <T> its class
   * @return {@code argument}
   * @throws IllegalArgumentException if it is null
   */
  public static <T> T requireGiven(String name, T argument) {
    if (argument == null) {
      throw new IllegalArgumentException(name + " must be given, got null");
    }
    return argument;
  }

  /**
   * Checks a share of a whole.
   *
   * @param name that of the argument, for the message
   * @param share any number
   * @throws IllegalArgumentException if it is outside [0, 1]
   */
  public static void requireShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1], got " + share);
    }
  }

  /**
   * Checks a weight.
   *
   * @param name that of the argument, for the message
   * @param weight any number
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public static void requireWeight(String name, double weight) {
    if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite and >= 0, got " + weight);
    }
  }

  /**
   * Checks weights.
   *
   * @param name that of the argument, for the message
   * @param weights any numbers
   * @throws IllegalArgumentException if they are null, or one is negative or not finite
   */
  public static void requireWeights(String name, double[] weights) {
    requireGiven(name, weights);
    for (int i = 0; i < weights.length; i++) {
      requireWeight(name + "[" + i + "]", weights[i]);
    }
  }

  /**
   * Returns a parameter if it is positive.
   *
   * @param name that of the parameter, for the message
   * @param parameter any number
   * @return {@code parameter}
   * @throws IllegalArgumentException if it is not finite or not positive
   */
  public static double requirePositive(String name, double parameter) {
    if (!(parameter > 0 && parameter < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite and > 0, got " + parameter);
    }
    return parameter;
  }
}
