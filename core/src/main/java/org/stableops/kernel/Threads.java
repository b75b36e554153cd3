package org.stableops.kernel;

import java.util.concurrent.ForkJoinPool;

/** How many threads share the work of a large kernel. */
public final class Threads {
  /** The system property that limits them; read at every call. */
  static final String PROPERTY = "stableops.threads";

  private Threads() {}

  /** The caller and the common pool, or fewer if the property says so. */
  public static int count() {
    int available = ForkJoinPool.getCommonPoolParallelism() + 1;
    Integer wanted = Integer.getInteger(PROPERTY);
    return wanted == null ? available : Math.max(1, Math.min(wanted, available));
  }
}
