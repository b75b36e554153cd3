package org.stableops;

import org.stableops.kernel.Simd;
import org.stableops.kernel.Threads;

/**
 * The switch between the fused kernels and the hosts' composites.
 *
 * <pre>{@code
 * System.out.println(FusedPath.describe()); // fused kernels on, plain Java, 2 threads
 * }</pre>
 */
public final class FusedPath {
  /** The system property that turns the kernels off when it is {@code false}. */
  public static final String PROPERTY = "stableops.fused";

  private FusedPath() {}

  /**
   * Tells in one line how the kernels compute in this JVM, for bug reports and benchmarks.
   *
   * @return whether they are on, whether they use the Vector API or plain Java, and how many
   *     threads
   */
  public static String describe() {
    return "fused kernels %s, %s, %d thread%s"
        .formatted(
            isEnabled() ? "on" : "off",
            Simd.isUsed() ? "Vector API" : "plain Java",
            Threads.count(),
            Threads.count() == 1 ? "" : "s");
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
