package org.stableops.kernel;

/** The switch between the fused kernels and the hosts' composites. */
public final class FusedPath {
  /** The system property that turns the kernels off when it is {@code false}. */
  public static final String PROPERTY = "stableops.fused";

  private FusedPath() {}

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
