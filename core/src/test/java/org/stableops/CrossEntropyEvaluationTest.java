package org.stableops;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CrossEntropyEvaluationTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable array(String name) {
    return () -> closed.add(name);
  }

  @Test
  void closesItsFourArrays() {
    CrossEntropyEvaluation<AutoCloseable> evaluation =
        new CrossEntropyEvaluation<>(array("a"), array("b"), array("c"), array("d"), 2);
    assertDoesNotThrow(evaluation::close);
    assertEquals(List.of("a", "b", "c", "d"), closed);
  }

  @Test
  void oneThatCannotBeClosedDoesNotKeepTheOthersOpen() {
    Exception cause = new Exception("no");
    AutoCloseable broken =
        () -> {
          throw cause;
        };
    CrossEntropyEvaluation<AutoCloseable> evaluation =
        new CrossEntropyEvaluation<>(array("a"), broken, array("c"), array("d"), 2);
    IllegalStateException failure = assertThrows(IllegalStateException.class, evaluation::close);
    assertEquals("an array could not be closed", failure.getMessage());
    assertSame(cause, failure.getCause());
    assertEquals(List.of("a", "c", "d"), closed);
  }
}
