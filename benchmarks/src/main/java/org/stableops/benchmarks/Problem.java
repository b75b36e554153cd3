package org.stableops.benchmarks;

import java.util.List;

/** Random inputs, and what must come out. */
interface Problem {
  /** What to compute; its text is its name. */
  interface Kind<P extends Problem> {
    List<Size> sizes();

    /** The same inputs from the same seed. */
    P create(Size size, long seed);
  }

  /** The result of a piece of work in double precision. */
  Expected expected(Work work);
}
