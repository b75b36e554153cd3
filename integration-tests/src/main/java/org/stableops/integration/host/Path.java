package org.stableops.integration.host;

import java.util.function.Supplier;
import org.stableops.FusedPath;

/** The two ways in which an operator computes. */
public enum Path {
  /** A kernel over the array's own memory. */
  FUSED,
  /** The host's primitives. */
  COMPOSITE;

  /**
   * Runs something with this path switched on.
   *
   * @param <T> the result
   * @param work what to run
   * @return its result
   */
  public <T> T run(Supplier<T> work) {
    String before = System.getProperty(FusedPath.PROPERTY, "true");
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(this == FUSED));
    try {
      return work.get();
    } finally {
      System.setProperty(FusedPath.PROPERTY, before);
    }
  }
}
