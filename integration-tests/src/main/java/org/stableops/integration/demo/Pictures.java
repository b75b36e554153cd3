package org.stableops.integration.demo;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** What all pictures have in common: colours, fonts, and how they become files. */
public final class Pictures {
  /** For what is drawn below something else, or beside it for comparison. */
  public static final Color PALE_BLUE = new Color(0x8F, 0xB8, 0xDE);

  /** For what is drawn upon something else. */
  public static final Color DARK_BLUE = new Color(0x0B, 0x4F, 0x8A);

  /** For a second thing. */
  public static final Color ORANGE = new Color(0xE0, 0x7B, 0x00);

  /** For limits. */
  public static final Color RED = new Color(0xB3, 0x26, 0x1E);

  private static final Color GRID = new Color(0xE4, 0xE4, 0xE4);

  /** Pixels a point, for sharp pictures on dense screens and paper. */
  public static final int SCALE = 2;

  private Pictures() {}

  /**
   * Gives a chart our looks.
   *
   * @param styler of the chart
   */
  public static void style(AxesChartStyler styler) {
    styler.setPlotGridLinesColor(GRID).setPlotGridLinesStroke(new BasicStroke(0.5f));
    styler.setPlotGridVerticalLinesVisible(false).setAxisTickLabelsFont(font(Font.PLAIN, 12));
    styler.setAxisTitleFont(font(Font.PLAIN, 13));
    styler.setChartTitleFont(font(Font.BOLD, 16)).setLegendFont(font(Font.PLAIN, 12));
    styler.setChartBackgroundColor(Color.WHITE).setLegendBorderColor(GRID);
    styler.setLegendPosition(Styler.LegendPosition.OutsideS);
    styler.setLegendLayout(Styler.LegendLayout.Horizontal).setLocale(Locale.ROOT);
  }

  /**
   * Labels for an axis on which only powers of ten are marked.
   *
   * @return from 1000 to 1e3
   */
  public static Function<Double, String> powerOfTen() {
    return value -> "1e" + Math.round(Math.log10(value));
  }

  private static Font font(int style, int size) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  /**
   * Draws a line without markers.
   *
   * @param chart where to
   * @param name in the legend
   * @param x the points
   * @param y as many
   * @param color of the line
   * @param width in points
   * @return the line
   */
  public static XYSeries line(
      XYChart chart, String name, double[] x, double[] y, Color color, float width) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE).setLineColor(color);
    series.setLineStyle(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    return series;
  }

  /**
   * Writes a PNG.
   *
   * @param chart what to draw, in its own size
   * @param file where to
   * @throws IOException if the file cannot be written
   */
  public static void write(Chart<?, ?> chart, Path file) throws IOException {
    ImageIO.write(image(chart), "png", file.toFile());
  }

  /**
   * Writes a PNG of two charts.
   *
   * @param left a chart
   * @param right a chart as high
   * @param file where to
   * @throws IOException if the file cannot be written
   */
  public static void writeBeside(Chart<?, ?> left, Chart<?, ?> right, Path file)
      throws IOException {
    BufferedImage first = image(left);
    BufferedImage second = image(right);
    BufferedImage both =
        new BufferedImage(
            first.getWidth() + second.getWidth(), first.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = both.createGraphics();
    graphics.drawImage(first, 0, 0, null);
    graphics.drawImage(second, first.getWidth(), 0, null);
    graphics.dispose();
    ImageIO.write(both, "png", file.toFile());
  }

  /**
   * Draws a chart.
   *
   * @param chart what to draw, in its own size
   * @return a picture with {@link #SCALE} pixels a point
   */
  public static BufferedImage image(Chart<?, ?> chart) {
    int width = chart.getWidth();
    int height = chart.getHeight();
    BufferedImage image =
        new BufferedImage(width * SCALE, height * SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.scale(SCALE, SCALE);
    chart.paint(graphics, width, height);
    graphics.dispose();
    return image;
  }
}
