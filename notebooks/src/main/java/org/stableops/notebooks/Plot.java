package org.stableops.notebooks;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.rapaio.jupyter.kernel.display.DisplayData;
import org.stableops.integration.demo.Pictures;

/**
 * A picture of a notebook: an XChart chart in this project's looks, at two pixels a point. Numbers
 * that are not finite are gaps.
 */
public final class Plot {
  private static final Color GREEN = new Color(0x3A, 0x8F, 0x5C);
  private static final List<Color> COLORS =
      List.of(
          Pictures.DARK_BLUE, Pictures.ORANGE, Pictures.PALE_BLUE, Pictures.RED, GREEN, Color.GRAY);
  private static final List<Marker> MARKERS =
      List.of(SeriesMarkers.CIRCLE, SeriesMarkers.CROSS, SeriesMarkers.DIAMOND);
  private static final int WIDTH = 760;
  private static final int HEIGHT = 420;
  private static final int MARKER_SIZE = 5;
  private static final int PADDING = 16;
  private static final double MOST_LABELS = 14;
  private static final float LINE_WIDTH = 2.2f;
  private static final float THIN_LINE_WIDTH = 1.4f;
  private static final float DASH = 6;

  private final XYChart chart;
  private int series;

  /**
   * Starts a picture.
   *
   * @param title its message
   * @param xAxis what goes to the right
   * @param yAxis what goes up
   */
  public Plot(String title, String xAxis, String yAxis) {
    this(title, xAxis, yAxis, WIDTH, HEIGHT);
  }

  /**
   * Starts a picture of another size.
   *
   * @param title its message
   * @param xAxis what goes to the right
   * @param yAxis what goes up
   * @param width in points
   * @param height in points
   */
  public Plot(String title, String xAxis, String yAxis, int width, int height) {
    chart = new XYChartBuilder().width(width).height(height).title(title).build();
    chart.setXAxisTitle(xAxis);
    chart.setYAxisTitle(yAxis);
    Pictures.style(chart.getStyler());
    chart.getStyler().setMarkerSize(MARKER_SIZE).setPlotContentSize(1).setChartPadding(PADDING);
    chart.getStyler().setDecimalPattern("0.###");
  }

  /**
   * Makes the x axis logarithmic, with a mark at each power of ten.
   *
   * @return this
   */
  public Plot logX() {
    chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    return this;
  }

  /**
   * Makes the y axis logarithmic, with a mark at each power of ten.
   *
   * @return this
   */
  public Plot logY() {
    chart.getStyler().setYAxisLogarithmic(true).setYAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setYAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    chart.getStyler().setPlotGridHorizontalLinesVisible(false); // it draws ten a decade
    return this;
  }

  /**
   * Limits the x axis.
   *
   * @param from its left end
   * @param to its right end
   * @return this
   */
  public Plot xRange(double from, double to) {
    chart.getStyler().setXAxisMin(from).setXAxisMax(to);
    if (chart.getStyler().isXAxisLogarithmic()) {
      chart.getStyler().setXAxisTickLabelsFormattingFunction(decades(from, to));
    }
    return this;
  }

  /**
   * Limits the y axis.
   *
   * @param from its lower end
   * @param to its upper end
   * @return this
   */
  public Plot yRange(double from, double to) {
    chart.getStyler().setYAxisMin(from).setYAxisMax(to);
    if (chart.getStyler().isYAxisLogarithmic()) {
      chart.getStyler().setYAxisTickLabelsFormattingFunction(decades(from, to));
    }
    return this;
  }

  /** A dozen labels at most, and none at the end, where it would be cut off. */
  private static Function<Double, String> decades(double from, double to) {
    double first = Math.log10(from);
    double last = Math.log10(to);
    long every = (long) Math.ceil((last - first) / MOST_LABELS);
    return value -> {
      long exponent = Math.round(Math.log10(value));
      boolean labelled = exponent % every == 0 && exponent < last;
      return labelled ? "1e" + exponent : " ";
    };
  }

  /**
   * Adds a line in the next colour.
   *
   * @param name for the legend
   * @param x arguments
   * @param y values
   * @return this
   */
  public Plot line(String name, double[] x, double[] y) {
    return stroke(name, x, y, new BasicStroke(LINE_WIDTH));
  }

  /**
   * Adds a thin dashed line in the next colour, for what others are compared with.
   *
   * @param name for the legend
   * @param x arguments
   * @param y values
   * @return this
   */
  public Plot dashed(String name, double[] x, double[] y) {
    return stroke(
        name,
        x,
        y,
        new BasicStroke(
            THIN_LINE_WIDTH,
            BasicStroke.CAP_BUTT,
            BasicStroke.JOIN_ROUND,
            1,
            new float[] {DASH, DASH},
            0));
  }

  private Plot stroke(String name, double[] x, double[] y, BasicStroke stroke) {
    Color color = nextColor();
    XYSeries drawn = chart.addSeries(name, unequal(third(x), x), unequal(third(y), finite(y)));
    drawn.setMarker(SeriesMarkers.NONE).setLineColor(color).setLineStyle(stroke);
    return this;
  }

  /**
   * Adds points in the next colour.
   *
   * @param name for the legend
   * @param x arguments
   * @param y values
   * @return this
   */
  public Plot dots(String name, double[] x, double[] y) {
    Marker marker = MARKERS.get(series % MARKERS.size());
    Color color = nextColor();
    XYSeries drawn = chart.addSeries(name, unequal(third(x), x), unequal(Double.NaN, finite(y)));
    drawn.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    drawn.setMarker(marker).setMarkerColor(color);
    return this;
  }

  private Color nextColor() {
    Color color = COLORS.get(series % COLORS.size());
    series++;
    return color;
  }

  /**
   * Adds a number a third of the way from the first to the second, where a line goes anyway: XChart
   * puts marks at numbers like 7.39 if all are equally far from each other.
   */
  private double[] unequal(double third, double... numbers) {
    if (numbers.length < 2 || chart.getStyler().isXAxisLogarithmic()) {
      return numbers;
    }
    double[] more = new double[numbers.length + 1];
    System.arraycopy(numbers, 0, more, 1, numbers.length);
    more[0] = numbers[0];
    more[1] = third;
    return more;
  }

  private static double third(double... numbers) {
    return numbers.length < 2 ? numbers[0] : (2 * numbers[0] + numbers[1]) / 3;
  }

  private static double[] finite(double... y) {
    return Arrays.stream(y).map(v -> Double.isFinite(v) ? v : Double.NaN).toArray();
  }

  /**
   * Draws the picture.
   *
   * @return what a cell shows
   */
  public DisplayData show() {
    return show(Pictures.image(chart));
  }

  /**
   * Draws two pictures side by side.
   *
   * @param other the one to the right
   * @return what a cell shows
   */
  public DisplayData beside(Plot other) {
    BufferedImage left = Pictures.image(chart);
    BufferedImage right = Pictures.image(other.chart);
    BufferedImage both =
        new BufferedImage(
            left.getWidth() + right.getWidth(),
            Math.max(left.getHeight(), right.getHeight()),
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = both.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, both.getWidth(), both.getHeight());
    graphics.drawImage(left, 0, 0, null);
    graphics.drawImage(right, left.getWidth(), 0, null);
    graphics.dispose();
    return show(both);
  }

  /**
   * Shows an image of two pixels a point.
   *
   * @param image any image
   * @return what a cell shows
   */
  public static DisplayData show(BufferedImage image) {
    String encoded = Base64.getEncoder().encodeToString(Png.encode(image));
    DisplayData data = DisplayData.withType("image/png", encoded);
    data.putMetaData(
        "image/png",
        Map.of(
            "width", image.getWidth() / Pictures.SCALE,
            "height", image.getHeight() / Pictures.SCALE));
    return data;
  }
}
