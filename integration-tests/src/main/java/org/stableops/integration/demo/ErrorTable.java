package org.stableops.integration.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/** Measures every operator on both hosts and both paths in every dtype. */
final class ErrorTable {
  private ErrorTable() {}

  static List<ErrorRow> measure(int points, Progress progress) {
    List<Function<Format, ErrorReference>> operators = operators(points);
    List<List<ErrorReference>> references = references(operators, progress);
    List<ErrorRow> rows = new ArrayList<>();
    int cases = Host.ALL.stream().mapToInt(host -> host.formats().size()).sum();
    int total = operators.size() * Path.values().length * cases;
    try (ProgressBar bar = progress.bar("Measuring errors", total)) {
      references.forEach(ofOperator -> measure(ofOperator, rows, bar));
    }
    return rows;
  }

  private static List<Function<Format, ErrorReference>> operators(int points) {
    Stream<Function<Format, ErrorReference>> elementwise =
        Stream.of(ElementwiseFunction.values())
            .map(function -> format -> ElementwiseReference.compute(function, format, points));
    Stream<Function<Format, ErrorReference>> losses =
        Stream.of(
            format -> CrossEntropyReference.sparse(format, points),
            format -> CrossEntropyReference.dense(format, points));
    return Stream.concat(elementwise, losses).toList();
  }

  private static List<List<ErrorReference>> references(
      List<Function<Format, ErrorReference>> operators, Progress progress) {
    List<List<ErrorReference>> references = new ArrayList<>();
    Format[] formats = Format.values();
    try (ProgressBar bar =
        progress.bar("Exact results", (long) operators.size() * formats.length)) {
      for (Function<Format, ErrorReference> operator : operators) {
        references.add(Stream.of(formats).map(operator).peek(reference -> bar.step()).toList());
      }
    }
    return references;
  }

  private static void measure(
      List<ErrorReference> ofOperator, List<ErrorRow> rows, ProgressBar bar) {
    for (Host host : Host.ALL) {
      for (Path path : Path.values()) {
        for (ErrorReference reference : ofOperator) {
          if (host.formats().contains(reference.format())) {
            rows.add(reference.measure(host, path));
            bar.step();
          }
        }
      }
    }
  }

  /** The rows as text, a line each, in columns. */
  static List<String> lines(List<ErrorRow> rows) {
    List<List<String>> table =
        Stream.concat(Stream.of(ErrorRow.HEADER), rows.stream().map(ErrorRow::cells)).toList();
    int[] widths =
        IntStream.range(0, ErrorRow.HEADER.size())
            .map(c -> table.stream().mapToInt(row -> row.get(c).length()).max().orElse(0))
            .toArray();
    return table.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      line.append(row.get(c)).append(" ".repeat(widths[c] - row.get(c).length() + 2));
    }
    return line.toString().stripTrailing();
  }
}
