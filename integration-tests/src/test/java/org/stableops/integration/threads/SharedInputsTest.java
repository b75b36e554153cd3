package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.integration.Call;
import org.stableops.integration.Effort;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.host.Path;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.oracle.Format;

/** Every operator in every form, by many threads on the same arrays: the bits of one thread. */
@Tag("thorough")
class SharedInputsTest {
  /** Where every call takes long. */
  private static final int FEWER = Effort.of(2, 8);

  /** What a kernel does alone, what it shares among the common pool, and something between. */
  private enum Size {
    SMALL(8, 5, 7, Effort.of(1, 2)),
    MEDIUM(FEWER, 16, 64, 1),
    LARGE(FEWER, 24, 1024, 1);

    private final int threads;
    private final int rows;
    private final int classes;
    private final int rounds;

    Size(int threads, int rows, int classes, int rounds) {
      this.threads = threads;
      this.rows = rows;
      this.classes = classes;
      this.rounds = rounds;
    }
  }

  /** Large arrays for kernels only: primitives are the host's matter. */
  static List<Arguments> table() {
    List<Arguments> table =
        new ArrayList<>(
            List.of(
                Arguments.of(Path.FUSED, Size.SMALL, Format.FLOAT16),
                Arguments.of(Path.FUSED, Size.SMALL, Format.FLOAT32),
                Arguments.of(Path.FUSED, Size.LARGE, Format.FLOAT64),
                Arguments.of(Path.COMPOSITE, Size.SMALL, Format.FLOAT32),
                Arguments.of(Path.COMPOSITE, Size.MEDIUM, Format.FLOAT64)));
    if (Effort.isThorough()) {
      table.add(Arguments.of(Path.FUSED, Size.SMALL, Format.FLOAT64));
      table.add(Arguments.of(Path.FUSED, Size.LARGE, Format.FLOAT32));
    }
    return table;
  }

  @ParameterizedTest
  @MethodSource("table")
  void djl(Path path, Size size, Format format) throws Exception {
    try (DjlCalls calls = new DjlCalls(format, size.rows, size.classes)) {
      check(path, size, calls.all());
      assertEquals(0, calls.leftBehind());
    }
  }

  @ParameterizedTest
  @MethodSource("table")
  void nd4j(Path path, Size size, Format format) throws Exception {
    check(path, size, new Nd4jCalls(format, size.rows, size.classes).all());
  }

  private static void check(Path path, Size size, List<Call> calls) throws Exception {
    path.run(
        () -> {
          try {
            Bits bits = Bits.alone(calls);
            Together.run(
                size.threads,
                thread -> {
                  for (int round = 0; round < size.rounds; round++) {
                    bits.check(thread, size.threads);
                  }
                });
            return null;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
