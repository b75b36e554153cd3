package org.stableops.internal;

/** A check of arguments that classes of all modules share. */
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
}
