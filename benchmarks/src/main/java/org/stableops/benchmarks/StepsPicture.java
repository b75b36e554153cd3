package org.stableops.benchmarks;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.HorizontalBarChart;
import org.stableops.integration.demo.Pictures;

/** How many times as fast as the peer's a whole training step is. */
final class StepsPicture {
  private static final int WIDTH = 1000;
  private static final int HEIGHT_OF_ROW = 34;

  /** A bar of each JVM. */
  private record Line(String name, Duel duel) {}

  private StepsPicture() {}

  static void write(Path directory, Outcomes outcomes) throws IOException {
    List<Line> lines = lines(outcomes);
    if (lines.isEmpty()) {
      return;
    }
    HorizontalBarChart chart =
        RatioChart.of(
            "A whole training step: how many times as fast as the peer's",
            "time of the peer's step / time of ours",
            WIDTH,
            HEIGHT_OF_ROW,
            lines.size());
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(most(lines, outcomes));
    for (JvmMode mode : JvmMode.values()) {
      add(chart, mode, lines, outcomes);
    }
    chart.getStyler().setAnnotationLineColor(Pictures.RED);
    chart.addAnnotation(new AnnotationLine(1, true, false));
    Pictures.write(chart, directory.resolve("steps.png"));
  }

  private static List<Line> lines(Outcomes outcomes) {
    List<Line> lines = new ArrayList<>();
    for (Headline.Row row : Headline.ROWS) {
      for (Duel duel : row.duels()) {
        if (duel.course().kind().equals(Courses.NETWORK)
            && duel.ratio(outcomes, JvmMode.PLAIN).isPresent()) {
          lines.add(new Line(name(duel), duel));
        }
      }
    }
    return lines;
  }

  /** The end of the axis, beyond 1 in any case. */
  private static double most(List<Line> lines, Outcomes outcomes) {
    double most =
        Stream.of(JvmMode.values())
            .flatMap(mode -> lines.stream().map(line -> line.duel().ratio(outcomes, mode)))
            .mapToDouble(ratio -> ratio.orElse(0))
            .max()
            .orElse(0);
    return Math.ceil(5 * Math.max(most, 1.1)) / 5;
  }

  private static String name(Duel duel) {
    return "%s %s: %s / %s"
        .formatted(duel.course().host(), duel.course().size(), duel.ours(), duel.peer());
  }

  private static void add(
      HorizontalBarChart chart, JvmMode mode, List<Line> lines, Outcomes outcomes) {
    Color color = mode == JvmMode.FLAG ? Pictures.DARK_BLUE : Pictures.PALE_BLUE;
    List<Double> ratios =
        lines.stream().map(line -> line.duel().ratio(outcomes, mode).orElse(0)).toList();
    chart
        .addSeries(mode + " JVM", ratios, lines.stream().map(Line::name).toList())
        .setFillColor(color);
  }
}
