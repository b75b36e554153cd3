package org.stableops.benchmarks;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.stableops.integration.demo.Pictures;

/** How many elements a second, against the size. */
final class ThroughputPicture {
  private static final List<Color> COLORS =
      List.of(Color.GRAY, Pictures.DARK_BLUE, Pictures.ORANGE, Pictures.RED);

  /** The line of the plain JVM. */
  static final BasicStroke DASHES =
      new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {5, 4}, 0);

  private ThroughputPicture() {}

  static void write(Path directory, Results results) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(520)
            .title("Throughput against size: DJL, float32, result allocation included")
            .xAxisTitle("elements")
            .yAxisTitle("elements a second")
            .build();
    Pictures.style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setYAxisLogarithmic(true).setYAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    chart.getStyler().setYAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    chart.getStyler().setXAxisMin(10.0).setXAxisMax(1e8).setYAxisMin(1e6).setYAxisMax(1e11);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Vertical);
    for (JvmMode mode : JvmMode.values()) {
      for (int i = 0; i < Curve.ALL.size(); i++) {
        add(chart, Curve.ALL.get(i), mode, results, COLORS.get(i));
      }
    }
    if (!chart.getSeriesCollection().isEmpty()) {
      Pictures.write(chart, directory.resolve("throughput.png"));
    }
  }

  private static void add(XYChart chart, Curve curve, JvmMode mode, Results results, Color color) {
    Conditions conditions = new Conditions(mode, Bars.THREADS);
    List<Task> tasks =
        curve.tasks().filter(task -> results.nanoseconds(task, conditions).isPresent()).toList();
    if (tasks.isEmpty()) {
      return;
    }
    double[] elements = tasks.stream().mapToDouble(task -> task.size().elements()).toArray();
    double[] perSecond =
        tasks.stream()
            .mapToDouble(
                task ->
                    1e9
                        * task.size().elements()
                        / results.nanoseconds(task, conditions).getAsDouble())
            .toArray();
    XYSeries series = chart.addSeries(curve.function() + ", " + mode, elements, perSecond);
    series.setMarkerColor(color).setLineColor(color);
    boolean isFlag = mode == JvmMode.FLAG;
    series.setMarker(isFlag ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
    series.setLineStyle(isFlag ? new BasicStroke(2) : DASHES);
  }
}
