package org.stableops.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** The numbers as files: one line a measurement, and one a comparison with a bar. */
final class Csv {
  private static final String[] RESULTS_HEADER = {
    "operator",
    "contestant",
    "host",
    "work",
    "shape",
    "dtype",
    "jvm",
    "threads",
    "median_ns",
    "error_ns",
    "heap_bytes_per_call",
    "peer_time_per_our_time",
    "native_peak_per_logits"
  };
  private static final String[] BARS_HEADER = {
    "work", "against", "measure", "ours", "peer", "jvm", "threads", "bar", "measured", "verdict"
  };

  private static final String[] INSIDE_HEADER = {
    "work", "host", "size", "contestant", "jvm", "threads", "others", "steps", "median_ns"
  };
  private static final String[] HEADLINE_HEADER = {
    "work", "against", "course", "ours", "peer", "jvm", "threads", "bar", "measured", "verdict"
  };

  private final Results results;

  private Csv(Results results) {
    this.results = results;
  }

  static void write(Path directory, Results results) throws IOException {
    Csv csv = new Csv(results);
    csv.writeResults(directory.resolve("results.csv"));
    csv.writeBars(directory.resolve("bars.csv"));
  }

  static void write(Path directory, Outcomes outcomes) throws IOException {
    writeInside(directory.resolve("inside.csv"), outcomes);
    writeHeadline(directory.resolve("headline.csv"), outcomes);
  }

  private static void writeInside(Path file, Outcomes outcomes) throws IOException {
    Stream<String> phases = Stream.of(Phase.values()).map(phase -> phase + "_ns");
    String[] header = Stream.concat(Stream.of(INSIDE_HEADER), phases).toArray(String[]::new);
    try (CSVPrinter printer = printer(file, header)) {
      for (Outcomes.Outcome outcome : outcomes.all()) {
        printer.print(outcome.course().kind());
        printer.print(outcome.course().host());
        printer.print(outcome.course().size());
        printer.print(outcome.runner());
        printer.print(outcome.conditions().mode());
        printer.print(outcome.conditions().threads());
        StepTimes times = outcome.times();
        printer.print(number(times.others(), "%.2f"));
        printer.print(times.steps());
        printer.print(number(times.whole(), "%.0f"));
        for (Phase phase : Phase.values()) {
          printer.print(times.hasPhases() ? number(times.phases().get(phase), "%.0f") : "");
        }
        printer.println();
      }
    }
  }

  private static void writeHeadline(Path file, Outcomes outcomes) throws IOException {
    try (CSVPrinter printer = printer(file, HEADLINE_HEADER)) {
      for (Headline.Row row : Headline.ROWS) {
        for (Duel duel : row.duels()) {
          for (JvmMode mode : JvmMode.values()) {
            OptionalDouble measured = duel.ratio(outcomes, mode);
            printer.printRecord(
                row.work(),
                row.against(),
                duel.course(),
                duel.ours(),
                duel.peer(),
                mode,
                Bars.THREADS,
                number(duel.floor(mode), "%s"),
                number(measured.orElse(Double.NaN), "%.3f"),
                measured.isPresent() ? duel.verdict(measured.getAsDouble(), mode) : "");
          }
        }
      }
    }
  }

  private void writeResults(Path file) throws IOException {
    try (CSVPrinter printer = printer(file, RESULTS_HEADER)) {
      for (Results.Measurement measurement : results.all()) {
        Task task = measurement.task();
        Entry<?> entry = task.entry();
        Cost cost = measurement.cost();
        printer.printRecord(
            entry.problem(),
            entry.name(),
            entry.host(),
            entry.work(),
            task.size(),
            "float32",
            measurement.conditions().mode(),
            measurement.conditions().threads(),
            number(cost.nanoseconds(), "%.1f"),
            number(cost.error(), "%.1f"),
            number(cost.heapBytes(), "%.0f"),
            number(speedup(task, measurement.conditions()), "%.3f"),
            number(cost.nativePeak(), "%.3f"));
      }
    }
  }

  /** Of ours against this contestant, where ours has been measured as well. */
  private double speedup(Task task, Conditions conditions) {
    Entry<?> entry = task.entry();
    String ours = Entry.id(entry.problem(), entry.work(), entry.host(), Entry.OURS);
    return new Comparison(new Task(ours, task.size()), task)
        .speedup(results, conditions)
        .orElse(Double.NaN);
  }

  private void writeBars(Path file) throws IOException {
    try (CSVPrinter printer = printer(file, BARS_HEADER)) {
      for (Bar bar : Bars.ALL) {
        for (JvmMode mode : JvmMode.values()) {
          Conditions conditions = new Conditions(mode, Bars.THREADS);
          for (Comparison comparison : bar.comparisons()) {
            OptionalDouble measured = bar.measure().of(comparison, results, conditions);
            printer.printRecord(
                bar.work(),
                bar.against(),
                bar.measure(),
                comparison.ours(),
                comparison.peer(),
                mode,
                Bars.THREADS,
                number(bar.of(mode), "%s"),
                number(measured.orElse(Double.NaN), "%.3f"),
                measured.isPresent() ? bar.verdict(measured.getAsDouble(), mode) : "");
          }
        }
      }
    }
  }

  private static CSVPrinter printer(Path file, String[] header) throws IOException {
    return CSVFormat.DEFAULT
        .builder()
        .setHeader(header)
        .setRecordSeparator('\n')
        .get()
        .print(Files.newBufferedWriter(file));
  }

  private static String number(double value, String format) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }
}
