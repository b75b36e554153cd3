package org.stableops.integration.memory;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.stableops.integration.demo.Pictures;

/** Two charts side by side: memory over calls, and over steps of training. */
final class MemoryPicture {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;
  private static final double MEGABYTE = 1 << 20;
  private static final Color[] COLORS = {
    Pictures.DARK_BLUE, Pictures.ORANGE, Pictures.PALE_BLUE, Pictures.RED
  };

  private MemoryPicture() {}

  /** Draws the kinds of which there are samples. */
  static void draw(Path directory, Path picture) throws IOException {
    BufferedImage calls = chart(directory, "100,000 calls of all operators", "calls", true);
    BufferedImage steps = chart(directory, "10,000 steps of training", "steps", false);
    BufferedImage both =
        new BufferedImage(
            calls.getWidth() + steps.getWidth(), calls.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = both.createGraphics();
    graphics.drawImage(calls, 0, 0, null);
    graphics.drawImage(steps, calls.getWidth(), 0, null);
    graphics.dispose();
    ImageIO.write(both, "png", picture.toFile());
  }

  private static BufferedImage chart(Path directory, String title, String x, boolean ofCalls)
      throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title + " in a heap of 128 MB")
            .xAxisTitle(x)
            .yAxisTitle("memory in MB")
            .build();
    Pictures.style(chart.getStyler());
    chart.getStyler().setYAxisMin(0.0).setXAxisMin(0.0);
    chart.getStyler().setXAxisDecimalPattern("#,##0").setYAxisDecimalPattern("#,##0");
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Vertical);
    List<Marathon.Kind> kinds =
        Stream.of(Marathon.Kind.values()).filter(kind -> kind.isOfCalls() == ofCalls).toList();
    for (int i = 0; i < kinds.size(); i++) {
      Path file = directory.resolve(kinds.get(i) + ".csv");
      if (Files.exists(file)) {
        add(chart, kinds.get(i).title(), Samples.read(file), COLORS[i]);
      }
    }
    return Pictures.image(chart);
  }

  private static void add(XYChart chart, String name, Samples samples, Color color) {
    line(chart, name + ": process", samples.done(), samples.resident(), color, false);
    line(chart, name + ": heap", samples.done(), samples.heap(), color, true);
  }

  private static void line(
      XYChart chart, String name, double[] x, double[] bytes, Color color, boolean dotted) {
    double[] megabytes = Arrays.stream(bytes).map(b -> b / MEGABYTE).toArray();
    XYSeries series = chart.addSeries(name, x, megabytes);
    series.setMarker(SeriesMarkers.NONE).setLineColor(color);
    float[] dashes = {3, 4};
    series.setLineStyle(
        dotted
            ? new BasicStroke(1.5f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes, 0)
            : new BasicStroke(2));
  }
}
