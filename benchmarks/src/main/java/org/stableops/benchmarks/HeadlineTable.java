package org.stableops.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How many times as fast as their peers the operators are inside a program, in Markdown. */
final class HeadlineTable {
  /** What stands where nothing was measured, or there is nothing to measure. */
  private static final String NOTHING = "–";

  private record Measured(Duel duel, double ratio) {}

  private HeadlineTable() {}

  /** The ratios, a line for each row of which something was measured. */
  static List<String> ratios(Outcomes outcomes) {
    List<String> lines = new ArrayList<>();
    for (Headline.Row row : Headline.ROWS) {
      if (row.duels().stream().anyMatch(duel -> isMeasured(duel, outcomes))) {
        lines.add(
            line(
                Stream.concat(
                    Stream.of(row.work(), row.against()),
                    Stream.of(JvmMode.values()).map(mode -> cell(row, mode, outcomes)))));
      }
    }
    return lines.isEmpty() ? lines : table("work | against | plain | flag", lines);
  }

  private static boolean isMeasured(Duel duel, Outcomes outcomes) {
    return Stream.of(JvmMode.values()).anyMatch(mode -> duel.ratio(outcomes, mode).isPresent());
  }

  private static String cell(Headline.Row row, JvmMode mode, Outcomes outcomes) {
    if (row.show() == Headline.Show.EACH) {
      return row.duels().stream()
          .map(duel -> text(duel.ratio(outcomes, mode)))
          .collect(Collectors.joining(", "));
    }
    return row.duels().stream()
        .flatMap(duel -> duel.ratio(outcomes, mode).stream().mapToObj(r -> new Measured(duel, r)))
        .min(Comparator.comparingDouble(Measured::ratio))
        .map(worst -> number("≥ %.2f× (%s)", worst.ratio(), worst.duel().course().size()))
        .orElse(NOTHING);
  }

  private static String text(OptionalDouble ratio) {
    return ratio.isPresent() ? number("%.2f×", ratio.getAsDouble()) : NOTHING;
  }

  /** The phases of the networks' steps, in microseconds. */
  static List<String> phases(Outcomes outcomes) {
    List<String> lines =
        outcomes.all().stream()
            .filter(outcome -> outcome.course().kind().equals(Courses.NETWORK))
            .filter(outcome -> outcome.conditions().threads() == Bars.THREADS)
            .map(HeadlineTable::phases)
            .toList();
    String phases =
        Stream.of(Phase.values()).map(Phase::toString).collect(Collectors.joining(" | "));
    String header = "host | network | contestant | JVM | step, whole | " + phases;
    return lines.isEmpty() ? lines : table(header, lines);
  }

  private static String phases(Outcomes.Outcome outcome) {
    Stream<String> what =
        Stream.of(
            outcome.course().host(),
            outcome.course().size(),
            outcome.runner(),
            outcome.conditions().mode().toString(),
            microseconds(outcome.times().whole()));
    Stream<String> phases =
        Stream.of(Phase.values())
            .map(phase -> outcome.times().phases().get(phase))
            .map(time -> outcome.times().hasPhases() ? microseconds(time) : NOTHING);
    return line(Stream.concat(what, phases));
  }

  private static String microseconds(double nanoseconds) {
    double time = nanoseconds / 1e3;
    return number(time < 10 ? "%.1f" : "%.0f", time);
  }

  private static List<String> table(String header, List<String> lines) {
    List<String> table = new ArrayList<>();
    table.add("| " + header + " |");
    table.add(line(header.split("\\|").length));
    table.addAll(lines);
    return table;
  }

  private static String line(int columns) {
    return line(Stream.generate(() -> "---").limit(columns));
  }

  private static String line(Stream<String> cells) {
    return cells.collect(Collectors.joining(" | ", "| ", " |"));
  }

  private static String number(String format, Object... numbers) {
    return String.format(Locale.ROOT, format, numbers);
  }
}
