package org.stableops;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What losses of elements, and of counts, know of them. */
class LossEvaluationTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable array(String name) {
    return () -> closed.add(name);
  }

  private static AutoCloseable broken(Exception cause) {
    return () -> {
      throw cause;
    };
  }

  @Test
  void closesItsTwoArrays() {
    assertDoesNotThrow(new LossEvaluation<>(array("a"), array("b"), 2)::close);
    assertEquals(List.of("a", "b"), closed);
  }

  @Test
  void ofCountsClosesItsThreeArrays() {
    assertDoesNotThrow(new CountEvaluation<>(array("a"), array("b"), array("c"), 2, 3)::close);
    assertEquals(List.of("a", "b", "c"), closed);
  }

  @Test
  void arraysThatCannotBeClosedAreAllNamed() {
    Exception first = new Exception("no");
    Exception second = new Exception("nor I");
    CountEvaluation<AutoCloseable> evaluation =
        new CountEvaluation<>(broken(first), array("b"), broken(second), 2, 3);
    IllegalStateException failure = assertThrows(IllegalStateException.class, evaluation::close);
    assertEquals("an array could not be closed", failure.getMessage());
    assertSame(first, failure.getCause());
    assertEquals(List.of(second), List.of(failure.getSuppressed()));
    assertEquals(List.of("b"), closed);
  }

  @Test
  void theMeanDevianceIsThatOfTheWeight() {
    assertEquals(0.75, new CountEvaluation<>(array(""), array(""), array(""), 4, 3).meanDeviance());
    assertEquals(0, new CountEvaluation<>(array(""), array(""), array(""), 0, 0).meanDeviance());
  }
}
