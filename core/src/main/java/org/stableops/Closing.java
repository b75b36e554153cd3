package org.stableops;

/** Closes what a result is made of. */
final class Closing {
  private Closing() {}

  /** Closes all, also after one that could not be closed. */
  static void closeAll(AutoCloseable... arrays) {
    IllegalStateException failure = null;
    for (AutoCloseable array : arrays) {
      try {
        array.close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("an array could not be closed", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
