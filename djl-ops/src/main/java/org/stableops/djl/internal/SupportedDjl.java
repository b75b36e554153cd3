package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * Whether this DJL has all that the operators call. Before 0.28 it lacks {@link
 * NDArray#toByteBuffer(boolean)}. Its API and its engine may be of different versions, so the
 * method is called once rather than looked up. DJL itself refuses native libraries of another
 * version.
 */
final class SupportedDjl {
  /** Null if nothing is missing. */
  private static final String PROBLEM = problem();

  private SupportedDjl() {}

  /**
   * Checks that the operators can run.
   *
   * @throws UnsupportedOperationException if DJL is too old, at every call
   */
  static void require() {
    if (PROBLEM != null) {
      throw new UnsupportedOperationException(PROBLEM);
    }
  }

  private static String problem() {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      manager.zeros(new Shape(1)).toByteBuffer(true);
      return null;
    } catch (LinkageError e) {
      return "DJL must be 0.28.0 or later, got api %s and pytorch-engine %s (%s)"
          .formatted(
              version(NDArray.class, "ai/djl/engine/api.properties"),
              version(PtNDArray.class, "pytorch-engine.properties"),
              e);
    }
  }

  /** The version recorded in a DJL jar. */
  private static String version(Class<?> neighbor, String resource) {
    Properties properties = new Properties();
    try (InputStream in = neighbor.getClassLoader().getResourceAsStream(resource)) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      // The version is for the message only.
    }
    return properties.getProperty("djl_version", "unknown");
  }
}
