package org.stableops.integration.newton;

import static org.stableops.integration.demo.Pictures.DARK_BLUE;
import static org.stableops.integration.demo.Pictures.ORANGE;
import static org.stableops.integration.demo.Pictures.PALE_BLUE;

import java.awt.Color;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.stableops.integration.demo.Pictures;

/** A first step of Newton's method, and how fast it and others come to the minimum. */
final class NewtonCharts {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 420;
  private static final float LINE = 2;
  private static final int POINTS = 200;
  private static final double FIRST = -0.5;
  private static final double LAST = 2.5;
  private static final double LEAST_POWER = -16;

  /** Below are roundings only. */
  private static final double LEAST = 0x1p-51;

  private NewtonCharts() {}

  /** The loss along the first step, and its quadratic model. */
  static XYChart direction(Function<double[], Local> function, double... start) {
    XYChart chart =
        chart(
            "Warp breaks: along Newton's first step",
            "share of the step",
            "negative log-likelihood");
    Local local = function.apply(start);
    double[] step = local.step();
    DoubleUnaryOperator loss = t -> function.apply(Newton.along(start, t, step)).value();
    DoubleUnaryOperator model = t -> local.model(Newton.along(new double[step.length], t, step));
    curve(chart, "loss", loss, DARK_BLUE);
    curve(chart, "quadratic model", model, ORANGE);
    dot(chart, "start", 0, loss, DARK_BLUE);
    dot(chart, "its minimum", 1, model, ORANGE);
    chart.getStyler().setYAxisDecimalPattern("0").setXAxisDecimalPattern("0.0");
    return chart;
  }

  private static void curve(XYChart chart, String name, DoubleUnaryOperator f, Color color) {
    double[] x =
        IntStream.rangeClosed(0, POINTS)
            .mapToDouble(i -> FIRST + (LAST - FIRST) * i / POINTS)
            .toArray();
    double[] y = IntStream.rangeClosed(0, POINTS).mapToDouble(i -> f.applyAsDouble(x[i])).toArray();
    Pictures.line(chart, name, x, y, color, LINE);
  }

  private static void dot(
      XYChart chart, String name, double x, DoubleUnaryOperator f, Color color) {
    XYSeries series = chart.addSeries(name, new double[] {x}, new double[] {f.applyAsDouble(x)});
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(color);
  }

  /** The distances from a minimum after each step. */
  static XYChart convergence(Ways ways) {
    XYChart chart =
        chart("Warp breaks: three ways to the minimum", "step", "largest error of a coefficient");
    add(chart, "gradient descent", ways.descent(), ways.minimum(), PALE_BLUE);
    add(chart, "Adam", ways.adam(), ways.minimum(), ORANGE);
    add(chart, "Newton", ways.newton(), ways.minimum(), DARK_BLUE)
        .setMarker(SeriesMarkers.CIRCLE)
        .setMarkerColor(DARK_BLUE);
    chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(step -> "" + Math.round(step));
    chart.getStyler().setYAxisTickLabelsFormattingFunction(power -> "1e" + Math.round(power));
    chart.getStyler().setYAxisMin(LEAST_POWER).setYAxisMax(0.0);
    return chart;
  }

  /** By their decadic logarithms, for which XChart's linear axis has fewer ticks. */
  private static XYSeries add(
      XYChart chart, String name, List<double[]> points, double[] minimum, Color color) {
    double[] steps = IntStream.range(1, points.size()).asDoubleStream().toArray();
    double[] powers =
        points.stream()
            .skip(1)
            .mapToDouble(point -> Math.log10(Math.max(LEAST, Matrices.distance(point, minimum))))
            .toArray();
    return Pictures.line(chart, name, steps, powers, color, LINE);
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
    Pictures.style(chart.getStyler());
    chart.getStyler().setMarkerSize(8);
    return chart;
  }
}
