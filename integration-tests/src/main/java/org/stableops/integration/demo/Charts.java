package org.stableops.integration.demo;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
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

  /** Pixels a point, for sharp pictures on dense screens and paper. */
  private static final int SCALE = 2;

  private static final Color PALE_BLUE = new Color(0x8F, 0xB8, 0xDE);
  private static final Color DARK_BLUE = new Color(0x0B, 0x4F, 0x8A);
  private static final Color ORANGE = new Color(0xE0, 0x7B, 0x00);
  private static final Color RED = new Color(0xB3, 0x26, 0x1E);
  private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);

  private Charts() {}

  static XYChart losses(TwinTraining training) {
    XYChart chart = chart("Two frameworks, one loss curve", "step", "loss of the batch");
    double[] steps = steps(training.djlLosses().length);
    line(chart, "DJL", steps, training.djlLosses(), PALE_BLUE, 3);
    line(chart, "SameDiff", steps, training.sameDiffLosses(), DARK_BLUE, 0.6f);
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
    line(chart, "allowed in float32", new double[] {1, last}, limit, RED, 1.5f);
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

  /** Writes a PNG. */
  static void write(XYChart chart, Path file) throws IOException {
    BufferedImage image =
        new BufferedImage(WIDTH * SCALE, HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.scale(SCALE, SCALE);
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    ImageIO.write(image, "png", file.toFile());
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
    styler.setYAxisTickLabelsFormattingFunction(powerOfTen());
    styler.setPlotGridLinesColor(GRID).setPlotGridLinesStroke(new BasicStroke(0.5f));
    styler.setPlotGridVerticalLinesVisible(false).setAxisTickLabelsFont(font(Font.PLAIN, 12));
    styler.setAxisTitleFont(font(Font.PLAIN, 13));
    styler.setChartTitleFont(font(Font.BOLD, 16)).setLegendFont(font(Font.PLAIN, 12));
    styler.setChartBackgroundColor(Color.WHITE).setLegendBorderColor(GRID);
    styler.setLegendPosition(Styler.LegendPosition.OutsideS);
    styler.setLegendLayout(Styler.LegendLayout.Horizontal).setLocale(Locale.ROOT);
    return chart;
  }

  private static Font font(int style, int size) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  static Function<Double, String> powerOfTen() {
    return value -> "1e" + Math.round(Math.log10(value));
  }

  private static double[] steps(int count) {
    return IntStream.rangeClosed(1, count).asDoubleStream().toArray();
  }

  private static void line(
      XYChart chart, String name, double[] x, double[] y, Color color, float width) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE).setLineColor(color);
    series.setLineStyle(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
  }

  private static void dots(
      XYChart chart, String name, double[] x, double[] y, Color color, Marker marker) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series.setMarker(marker).setMarkerColor(color);
  }
}
