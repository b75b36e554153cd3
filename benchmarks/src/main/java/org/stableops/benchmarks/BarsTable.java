package org.stableops.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What was measured of isolated calls, in Markdown; {@link Csv} has the bars beside it. */
final class BarsTable {
  private BarsTable() {}

  static List<String> lines(Results results) {
    List<String> lines = new ArrayList<>();
    lines.add("| work | against | plain | flag |");
    lines.add("| --- | --- | --- | --- |");
    for (Bar bar : Bars.ALL) {
      List<String> cells = new ArrayList<>(List.of(bar.work(), bar.against()));
      for (JvmMode mode : JvmMode.values()) {
        cells.add(measured(bar, mode, results));
      }
      lines.add("| " + String.join(" | ", cells) + " |");
    }
    return lines;
  }

  private static String measured(Bar bar, JvmMode mode, Results results) {
    Optional<Bar.Measured> worst = bar.worst(results, new Conditions(mode, Bars.THREADS));
    if (worst.isEmpty()) {
      return "–";
    }
    double value = worst.get().value();
    String text = String.format(Locale.ROOT, "%.2f×", value);
    return bar.comparisons().size() == 1 ? text : text + ": " + name(worst.get().comparison(), bar);
  }

  /** Which of several it is. */
  private static String name(Comparison comparison, Bar bar) {
    Entry<?> ours = comparison.ours().entry();
    String name = ours.problem() + " " + ours.work();
    return bar.measure() == Bar.Measure.TIME_IN_PEERS
        ? name
        : name + " against " + comparison.peer().entry().name();
  }
}
