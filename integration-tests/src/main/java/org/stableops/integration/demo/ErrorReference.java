package org.stableops.integration.demo;

import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** Arguments of an operator in a dtype, with the exact results. */
interface ErrorReference {
  Format format();

  ErrorRow measure(Host host, Path path);

  /** Whether a result is computed in a wider dtype and rounded once. */
  static boolean isHalf(Format format) {
    return format == Format.FLOAT16 || format == Format.BFLOAT16;
  }
}
