package org.stableops.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/** Nobody waits for the hour in which all are measured to find that one has gone wrong. */
class ContestantsTest {
  static Stream<Named<Entry<?>>> all() {
    return Contestants.ALL.stream().map(entry -> Named.of(entry.id(), entry));
  }

  @ParameterizedTest
  @MethodSource("all")
  void theNumbersAreRight(Entry<?> entry) {
    try (Contestant contestant = entry.start(Size.SMALL, 1)) {
      assertNotNull(contestant.run());
    }
  }

  @Test
  void everyContestantHasANameOfItsOwn() {
    List<String> ids = Contestants.ALL.stream().map(Entry::id).toList();
    assertEquals(ids.size(), new HashSet<>(ids).size());
  }

  @Test
  void everyOperatorIsMeasuredInBothHosts() {
    List<String> ids = Contestants.ALL.stream().map(Entry::id).toList();
    for (Elementwise operator : Operators.ALL) {
      for (Work work : List.of(Work.VALUE, Work.GRADIENT)) {
        for (String host : List.of(DjlCall.HOST, Nd4jCall.HOST)) {
          String name = operator.toString();
          assertTrue(
              ids.stream()
                  .anyMatch(
                      id ->
                          id.equalsIgnoreCase(String.join("/", name, "" + work, host, Entry.OURS))),
              () -> "%s of %s in %s".formatted(work, name, host));
        }
      }
    }
  }
}
