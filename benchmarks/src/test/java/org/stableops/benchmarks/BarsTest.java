package org.stableops.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The table and its verdicts, on invented measurements. */
class BarsTest {
  private static final Conditions PLAIN = new Conditions(JvmMode.PLAIN, 2);
  private static final Task OURS = new Task("squareplus/value/DJL/ours", Size.SMALL);
  private static final Task PEER = new Task("softplus/value/DJL/libtorch", Size.SMALL);
  private static final Comparison COMPARISON = new Comparison(OURS, PEER);

  private final Results results = new Results();

  private void measured(Task task, double nanoseconds) {
    results.put(task, PLAIN, new Cost(nanoseconds, 1, 100, Double.NaN));
  }

  private static Bar bar(Bar.Measure measure, double plain, Comparison... comparisons) {
    return new Bar("work", "peer", measure, plain, Double.NaN, List.of(comparisons));
  }

  private String verdict(Bar bar) {
    return bar.worst(results, PLAIN)
        .map(worst -> bar.verdict(worst.value(), JvmMode.PLAIN))
        .orElse("not measured");
  }

  @Test
  void aSpeedupMustReachItsBar() {
    measured(OURS, 10);
    measured(PEER, 20);
    assertEquals("met", verdict(bar(Bar.Measure.SPEEDUP, 2, COMPARISON)));
    assertEquals("missed", verdict(bar(Bar.Measure.SPEEDUP, 2.1, COMPARISON)));
  }

  @Test
  void aTimeInPeersMustNotExceedItsBar() {
    measured(OURS, 30);
    measured(PEER, 20);
    assertEquals("met", verdict(bar(Bar.Measure.TIME_IN_PEERS, 1.5, COMPARISON)));
    assertEquals("missed", verdict(bar(Bar.Measure.TIME_IN_PEERS, 1.4, COMPARISON)));
  }

  @Test
  void memoryMustNotExceedItsBar() {
    results.put(OURS, PLAIN, Cost.ofMemory(1.05));
    Comparison memory = new Comparison(OURS, null);
    assertEquals("met", verdict(bar(Bar.Measure.NATIVE_PEAK, 1.1, memory)));
    assertEquals("missed", verdict(bar(Bar.Measure.NATIVE_PEAK, 1, memory)));
  }

  @Test
  void timeAndMemoryOfOneCallComeTogether() {
    measured(OURS, 10);
    results.put(OURS, PLAIN, Cost.ofMemory(1.05));
    assertEquals(new Cost(10, 1, 100, 1.05), results.all().get(0).cost());
  }

  @Test
  void theWorstOfSeveralCounts() {
    measured(OURS, 10);
    measured(PEER, 20);
    Comparison wide =
        new Comparison(
            new Task(OURS.contestant(), Size.WIDE), new Task(PEER.contestant(), Size.WIDE));
    measured(wide.ours(), 10);
    measured(wide.peer(), 5);
    Bar bar = bar(Bar.Measure.SPEEDUP, 1, COMPARISON, wide);
    assertEquals(0.5, bar.worst(results, PLAIN).orElseThrow().value());
    assertEquals("missed", verdict(bar));
  }

  @Test
  void withoutABarOrAMeasurementThereIsNoVerdict() {
    assertEquals("not measured", verdict(bar(Bar.Measure.SPEEDUP, 1, COMPARISON)));
    measured(OURS, 10);
    measured(PEER, 20);
    assertEquals("", verdict(bar(Bar.Measure.SPEEDUP, Double.NaN, COMPARISON)));
  }

  @Test
  void theTableShowsEveryBarInBothModes() {
    Comparison first = Bars.ALL.get(0).comparisons().get(0);
    measured(first.ours(), 10);
    measured(first.peer(), 31);
    List<String> lines = BarsTable.lines(results);
    assertEquals(Bars.ALL.size() + 2, lines.size());
    assertEquals("| squareplus value, 2^20 | libtorch softplus | 3.10× | – |", lines.get(2));
  }

  @Test
  void whatIsSentToAnotherJvmComesBack() {
    for (Task task : Plan.everything(task -> true).timed()) {
      assertEquals(task, Task.parse(task.toString()));
    }
    Cost cost = new Cost(1.5, 0.25, 1e9, Double.NaN);
    assertEquals(cost, Cost.parse(cost.toString()));
  }

  @Test
  void wrongNumbersAreFound() {
    Expected expected = new Expected(3, i -> i, 1);
    assertTrue(passes(expected, 0, 1, 2));
    assertFalse(passes(expected, 0, 1, 2.01f));
    assertFalse(passes(expected, 0, Float.NaN, 2));
    assertFalse(passes(expected, 0, 1));
  }

  private static boolean passes(Expected expected, float... actual) {
    try {
      expected.check("a test", actual, 1e-6);
      return true;
    } catch (IllegalStateException wrong) {
      return false;
    }
  }
}
