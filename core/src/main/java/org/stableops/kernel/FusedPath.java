package org.stableops.kernel;

/** The switch between the fused kernels and the hosts' composites. */
public final class FusedPath {
  /** The system property that turns the kernels off when it is {@code false}. */
  public static final String PROPERTY = "stableops.fused";

  private FusedPath() {}

  /**
   * Tells in one line how the kernels compute in this JVM, for bug reports and benchmarks.
   *
   * @return whether they are on, which implementation of the transcendental functions they use, and
   *     how many threads
   */
  public static String describe() {
    return "fused kernels %s".formatted(isEnabled() ? "on" : "off");
  }

  /**
   * Tells whether arrays that a kernel can work on shall be given to it. The property is read at
   * every call, so that a program can compare the two paths.
   *
   * @return false if and only if the property {@value #PROPERTY} is {@code false}
   */
  public static boolean isEnabled() {
    return !"false".equalsIgnoreCase(System.getProperty(PROPERTY));
  }
}
