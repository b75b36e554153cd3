package org.stableops.integration;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** The largest errors seen, printed as a table for the README. */
public final class Measurements {
  public record Row(String operator, String host, Path path, Format format) {}

  private static final Comparator<Row> ORDER =
      Comparator.comparing(Row::operator)
          .thenComparing(Row::host)
          .thenComparing(Row::path)
          .thenComparing(Row::format);

  /** The largest error and the largest share of the bar. */
  private static final class Largest {
    double error;
    double share;

    void add(double newError, double bar) {
      error = Math.max(error, newError);
      share = Math.max(share, newError / bar);
    }
  }

  private final Map<Row, Largest[]> rows = new HashMap<>();

  void add(Row row, boolean gradient, double error, double bar) {
    rows.computeIfAbsent(row, key -> new Largest[] {new Largest(), new Largest()})[gradient ? 1 : 0]
        .add(error, bar);
  }

  void print(String title) {
    System.out.printf(
        "%nmeasured: %s%n%-28s %-5s %-10s %-9s %10s %6s %10s %6s%n",
        title, "operator", "host", "path", "dtype", "value", "of bar", "gradient", "of bar");
    Map<Row, Largest[]> sorted = new TreeMap<>(ORDER);
    sorted.putAll(rows);
    sorted.forEach(
        (row, largest) ->
            System.out.printf(
                Locale.ROOT,
                "%-28s %-5s %-10s %-9s %10.3f %5.0f%% %10.3f %5.0f%%%n",
                row.operator,
                row.host,
                row.path,
                row.format,
                largest[0].error,
                100 * largest[0].share,
                largest[1].error,
                100 * largest[1].share));
  }
}
