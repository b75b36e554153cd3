package org.stableops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which parts there are, and who closes them. */
class LinearCrossEntropyDirectionTest {
  private final List<String> closed = new ArrayList<>();

  private AutoCloseable array(String name) {
    return () -> closed.add(name);
  }

  @Test
  void closesThePartsThatAreThere() {
    new LinearCrossEntropyDirection<>(array("h"), array("w"), array("b")).close();
    assertEquals(List.of("h", "w", "b"), closed);
    new LinearCrossEntropyDirection<>(null, array("alone"), null).close();
    new LinearCrossEntropyDirection<>(null, null, null).close();
    assertEquals(List.of("h", "w", "b", "alone"), closed);
  }

  @Test
  void ofGradientsHasTheSameArrays() {
    AutoCloseable h = array("h");
    AutoCloseable w = array("w");
    AutoCloseable b = array("b");
    LinearCrossEntropyDirection<AutoCloseable> all =
        new LinearCrossEntropyGradients<>(array("loss"), h, w, b).direction();
    assertSame(h, all.hidden());
    assertSame(w, all.weight());
    assertSame(b, all.bias());
    assertNull(new LinearCrossEntropyGradients<>(array("loss"), h, w, null).direction().bias());
  }
}
