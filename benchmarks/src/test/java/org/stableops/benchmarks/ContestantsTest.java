package org.stableops.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
}
