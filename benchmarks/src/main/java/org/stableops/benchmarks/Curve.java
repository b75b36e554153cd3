package org.stableops.benchmarks;

import static org.stableops.benchmarks.ElementwiseProblem.Function.COPY;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;

import java.util.List;
import java.util.stream.Stream;
import org.stableops.benchmarks.ElementwiseProblem.Function;

/**
 * A line of the picture of throughput.
 *
 * @param function what is computed, in DJL
 * @param contestant by whom
 */
record Curve(Function function, String contestant) {
  /** The floor first. */
  static final List<Curve> ALL =
      List.of(
          new Curve(COPY, DjlElementwise.LIBTORCH),
          new Curve(SQUAREPLUS, Entry.OURS),
          new Curve(SOFTPLUS, Entry.OURS),
          new Curve(SOFTPLUS_INVERSE, Entry.OURS));

  /** Those that the table needs as well, and the largest. */
  private static final List<Size> SIZES =
      List.of(Size.power(4), Size.SMALL, Size.NARROW, Size.power(20), Size.power(24));

  Stream<Task> tasks() {
    String id = Entry.id(function, Work.VALUE, DjlCall.HOST, contestant);
    return SIZES.stream().map(size -> new Task(id, size));
  }
}
