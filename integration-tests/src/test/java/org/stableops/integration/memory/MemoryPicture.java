package org.stableops.integration.memory;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.stableops.integration.demo.Pictures;

/** Two charts side by side: memory over calls, and over steps of training. */
final class MemoryPicture {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 400;
  private static final double MEGABYTE = 1 << 20;

  private MemoryPicture() {}

  /** Draws the kinds of which there are samples. */
  static void draw(Path directory, Path picture) throws IOException {
    Pictures.writeBeside(
        chart(directory, "Memory over 100,000 calls of all operators", "calls", true),
        chart(directory, "Memory over 10,000 steps of training, 30,000 of DL4J", "steps", false),
        picture);
  }

  private static XYChart chart(Path directory, String title, String x, boolean ofCalls)
      throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle("MB of process, malloc (thin), heap (dotted)")
            .build();
    Pictures.style(chart.getStyler());
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(350.0).setXAxisMin(0.0);
    chart.getStyler().setXAxisDecimalPattern("#,##0").setYAxisDecimalPattern("#,##0");
    chart.getStyler().setXAxisMaxLabelCount(6);
    for (Marathon.Kind kind : Marathon.Kind.values()) {
      Path file = directory.resolve(kind + ".csv");
      if (kind.isOfCalls() == ofCalls && Files.exists(file)) {
        add(chart, kind, Samples.read(file));
      }
    }
    return chart;
  }

  private static void add(XYChart chart, Marathon.Kind kind, Samples samples) {
    // One lies on the other.
    float width = kind == Marathon.Kind.DJL_TRAINER ? 5 : 2;
    line(chart, kind.title(), samples.done(), samples.resident(), color(kind))
        .setLineStyle(new BasicStroke(width));
    line(chart, kind.title() + ", malloc", samples.done(), samples.malloc(), color(kind))
        .setLineStyle(new BasicStroke(width / 2))
        .setShowInLegend(false);
    float[] dots = {2, 5};
    line(chart, kind.title() + ", heap", samples.done(), samples.heap(), color(kind))
        .setLineStyle(
            new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dots, 0))
        .setShowInLegend(false);
  }

  private static Color color(Marathon.Kind kind) {
    return switch (kind) {
      case DJL_CALLS, FUSED_TRAINER -> Pictures.DARK_BLUE;
      case DJL_TRAINER -> Pictures.PALE_BLUE;
      case ND4J_CALLS, SAMEDIFF -> Pictures.ORANGE;
      case DL4J -> Pictures.RED;
    };
  }

  private static XYSeries line(
      XYChart chart, String name, double[] x, double[] bytes, Color color) {
    double[] megabytes = Arrays.stream(bytes).map(b -> b / MEGABYTE).toArray();
    XYSeries series = chart.addSeries(name, x, megabytes);
    series.setMarker(SeriesMarkers.NONE).setLineColor(color);
    return series;
  }
}
