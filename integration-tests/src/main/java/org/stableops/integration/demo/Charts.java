package org.stableops.integration.demo;

import static org.stableops.integration.demo.Pictures.DARK_BLUE;
import static org.stableops.integration.demo.Pictures.ORANGE;
import static org.stableops.integration.demo.Pictures.PALE_BLUE;
import static org.stableops.integration.demo.Pictures.RED;

import java.awt.Color;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The pictures of the report. */
final class Charts {
  static final int WIDTH = 900;
  static final int HEIGHT = 480;

  private Charts() {}

  static XYChart losses(TwinTraining training) {
    XYChart chart = chart("Two frameworks, one loss curve", "step", "loss of the batch");
    double[] steps = steps(training.djlLosses().length);
    Pictures.line(chart, "DJL", steps, training.djlLosses(), PALE_BLUE, 3);
    Pictures.line(chart, "SameDiff", steps, training.sameDiffLosses(), DARK_BLUE, 0.6f);
    chart.getStyler().setXAxisMin(0.0).setLegendPosition(Styler.LegendPosition.InsideNE);
    return chart;
  }

  static XYChart differences(List<TwinTraining> trainings, double allowed) {
    XYChart chart =
        chart("The losses differ by roundings only", "step", "relative difference of the losses");
    Color[] colors = {ORANGE, DARK_BLUE};
    for (int i = 0; i < trainings.size(); i++) {
      TwinTraining training = trainings.get(i);
      double[] differences = training.differences();
      // Equal losses have no place on a log scale.
      int[] unequal =
          IntStream.range(0, differences.length).filter(s -> differences[s] > 0).toArray();
      dots(
          chart,
          training.format().name().toLowerCase(Locale.ROOT),
          IntStream.of(unequal).mapToDouble(step -> step + 1).toArray(),
          IntStream.of(unequal).mapToDouble(step -> differences[step]).toArray(),
          colors[i % colors.length],
          SeriesMarkers.CIRCLE);
    }
    double last = trainings.get(0).differences().length;
    double[] limit = {allowed, allowed};
    Pictures.line(chart, "allowed in float32", new double[] {1, last}, limit, RED, 1.5f);
    chart.getStyler().setYAxisMin(1e-17).setYAxisMax(1e-2).setMarkerSize(3);
    return chart;
  }

  static XYChart errors(String title, String xAxis, List<ErrorCurve> curves) {
    XYChart chart = chart(title, xAxis, "error in ulp");
    Color[] colors = {ORANGE, RED, PALE_BLUE, DARK_BLUE};
    Marker[] markers = {
      SeriesMarkers.CIRCLE, SeriesMarkers.CROSS, SeriesMarkers.CIRCLE, SeriesMarkers.CROSS
    };
    for (int i = 0; i < curves.size(); i++) {
      ErrorCurve curve = curves.get(i);
      int style = i % colors.length;
      dots(chart, curve.name(), curve.x(), curve.ulps(), colors[style], markers[style]);
    }
    chart.getStyler().setYAxisMin(ErrorCurve.LEAST).setYAxisMax(ErrorCurve.MOST).setMarkerSize(5);
    return chart;
  }

  private static XYChart chart(String title, String xAxis, String yAxis) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xAxis)
            .yAxisTitle(yAxis)
            .build();
    XYStyler styler = chart.getStyler();
    styler.setYAxisLogarithmic(true).setYAxisLogarithmicDecadeOnly(true);
    styler.setYAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    Pictures.style(styler);
    return chart;
  }

  private static double[] steps(int count) {
    return IntStream.rangeClosed(1, count).asDoubleStream().toArray();
  }

  private static void dots(
      XYChart chart, String name, double[] x, double[] y, Color color, Marker marker) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series.setMarker(marker).setMarkerColor(color);
  }
}
