package org.stableops.integration.fuzz;

import java.util.Arrays;
import java.util.List;
import org.stableops.integration.oracle.Format;

/** Numbers for a host, of a dtype that has them all. */
record Numbers(Layout layout, double[] elements, boolean isTruth, boolean isInteger) {
  static Numbers floating(Layout layout, double[] elements) {
    return new Numbers(layout, elements, false, false);
  }

  static Numbers integers(Layout layout, double[] elements) {
    return new Numbers(layout, elements, false, true);
  }

  static Numbers truths(Layout layout, double[] elements) {
    return new Numbers(layout, elements, true, false);
  }

  /** One behind the other. */
  Numbers plain() {
    return new Numbers(Layout.plain(layout.shape()), elements, isTruth, isInteger);
  }

  /** One of the host's dtypes; of integers, one of those from 0 only where none is below. */
  <A extends AutoCloseable> ArrayHost.Laid<A> on(ArrayHost<A> host, int choice, Format format) {
    String dtype = isTruth ? host.booleans() : host.dtype(format);
    if (isInteger) {
      boolean isSigned = Arrays.stream(elements).anyMatch(number -> number < 0);
      List<String> dtypes =
          host.integers().stream().filter(name -> !(isSigned && name.startsWith("U"))).toList();
      dtype = dtypes.get(choice % dtypes.size());
    }
    // Around them what would be refused, or at least not be the same.
    return host.laid(layout, layout.base(elements, isTruth || isInteger ? 1 : -1), dtype);
  }
}
