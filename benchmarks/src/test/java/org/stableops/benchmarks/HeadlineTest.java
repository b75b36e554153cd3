package org.stableops.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The courses, and the table that is made of them, on invented measurements. */
class HeadlineTest {
  private static final Conditions PLAIN = new Conditions(JvmMode.PLAIN, Bars.THREADS);
  private static final NetworkShape SMALL = NetworkShape.ALL.get(0).withBatch(8);

  private final Outcomes outcomes = new Outcomes();

  /** The peer takes 6, and ours 6 / ratio. */
  private void measured(Duel duel, double ratio) {
    outcomes.put(duel.course(), duel.peer(), PLAIN, StepTimes.of(1, 6));
    outcomes.put(duel.course(), duel.ours(), PLAIN, StepTimes.of(1, 6 / ratio));
  }

  private static Headline.Row row(String start) {
    return Headline.ROWS.stream().filter(row -> row.work().startsWith(start)).findFirst().get();
  }

  @Test
  void everyCourseHasANameOfItsOwn() {
    List<String> names = Courses.ALL.stream().map(Course::toString).toList();
    assertEquals(names.size(), new HashSet<>(names).size());
    names.forEach(name -> assertEquals(name, Courses.of(name).toString()));
  }

  @Test
  void allNetworksAreInAllHosts() {
    for (String host : List.of("DJL", "DL4J", "SameDiff")) {
      for (NetworkShape shape : NetworkShape.ALL) {
        Course course = Courses.of(Courses.NETWORK, host, shape.toString());
        assertEquals(NetworkKind.values().length, course.runners().size());
      }
    }
  }

  @Test
  void duelsAreBetweenLoopsOfTheirCourse() {
    for (Headline.Row row : Headline.ROWS) {
      for (Duel duel : row.duels()) {
        assertTrue(
            duel.course().runners().keySet().containsAll(List.of(duel.ours(), duel.peer())),
            duel.toString());
      }
    }
  }

  @Test
  void aRowTellsEachRatioOrTheWorst() {
    Headline.Row networks = row("DJL training step: softplus");
    measured(networks.duels().get(0), 1.5);
    measured(networks.duels().get(2), 0.75);
    Headline.Row range = row("DJL squareplus, 2^14");
    measured(range.duels().get(1), 2);
    measured(range.duels().get(3), 1.25);
    List<String> lines = HeadlineTable.ratios(outcomes);
    assertEquals(4, lines.size());
    assertTrue(lines.get(2).endsWith("| softplus, all stock | 1.50×, –, 0.75× | –, –, – |"));
    assertTrue(lines.get(3).endsWith("| libtorch softplus | ≥ 1.25× (2^17) | – |"));
  }

  @Test
  void withoutMeasurementsThereAreNoTables() {
    assertTrue(HeadlineTable.ratios(outcomes).isEmpty());
    assertTrue(HeadlineTable.phases(outcomes).isEmpty());
  }

  @Test
  void verdictsFollowTheFloors() {
    Duel duel = row("DJL softplus, 2^12").duels().get(0);
    assertEquals("met", duel.verdict(1, JvmMode.PLAIN));
    assertEquals("missed", duel.verdict(1, JvmMode.FLAG));
    assertEquals("", row("SameDiff").duels().get(0).verdict(1, JvmMode.PLAIN));
  }

  @Test
  void programsThatDisturbAreNamed() {
    Course course = Courses.ALL.get(0);
    StepTimes times = StepTimes.of(1, 2);
    outcomes.put(course, "a", PLAIN, times);
    outcomes.put(course, "b", PLAIN, new StepTimes(1, 0.75, 2, times.phases()));
    assertEquals(List.of(course + ", plain JVM (0.8 processors)"), outcomes.disturbed());
  }

  @ParameterizedTest
  @EnumSource(NetworkKind.class)
  void networksLoseWhatTheyMust(NetworkKind kind) {
    for (Networks.Maker maker :
        Stream.<Networks.Maker>of(DjlNetwork::of, Dl4jNetwork::of, SameDiffNetwork::of).toList()) {
      try (Network network = maker.network(SMALL, kind)) {
        Networks.check(network, SMALL, kind);
      }
    }
  }
}
