package org.stableops.benchmarks;

import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.stableops.benchmarks.ElementwiseProblem.Function;
import org.stableops.integration.demo.Pictures;

/** How many times as fast as the host's softplus the operators are behind a matrix product. */
final class InsidePicture {
  private static final Map<Function, Color> COLORS =
      Map.of(
          SQUAREPLUS, Pictures.DARK_BLUE,
          SOFTPLUS, Pictures.ORANGE,
          SOFTPLUS_INVERSE, Pictures.RED);

  private InsidePicture() {}

  /** A picture for each host. */
  static void write(Path directory, Outcomes outcomes) throws IOException {
    for (String host : List.of(DjlCall.HOST, Nd4jCall.HOST)) {
      XYChart chart = chart(host, outcomes);
      if (!chart.getSeriesCollection().isEmpty()) {
        Pictures.write(
            chart, directory.resolve("inside-" + host.toLowerCase(Locale.ROOT) + ".png"));
      }
    }
  }

  private static XYChart chart(String host, Outcomes outcomes) {
    XYChart chart =
        new XYChartBuilder()
            .width(1000)
            .height(480)
            .title("Behind a matrix product: how many times as fast as softplus of " + host)
            .xAxisTitle("elements, float32")
            .yAxisTitle("time of the host's softplus / time of ours")
            .build();
    Pictures.style(chart.getStyler());
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Vertical);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(x -> "2^" + Math.round(x));
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setChartTitlePadding(10);
    for (Function function : List.of(SQUAREPLUS, SOFTPLUS, SOFTPLUS_INVERSE)) {
      for (JvmMode mode : JvmMode.values()) {
        add(chart, host, function, mode, outcomes);
      }
    }
    chart.getStyler().setAnnotationLineColor(Color.DARK_GRAY);
    chart.addAnnotation(new AnnotationLine(1, false, false));
    return chart;
  }

  private static void add(
      XYChart chart, String host, Function function, JvmMode mode, Outcomes outcomes) {
    List<double[]> points =
        IntStream.rangeClosed(Courses.LEAST_EXPONENT, Courses.MOST_EXPONENT)
            .boxed()
            .flatMap(
                exponent ->
                    Headline.elementwise(
                            host, function, Size.power(exponent), Double.NaN, Double.NaN)
                        .ratio(outcomes, mode)
                        .stream()
                        .mapToObj(ratio -> new double[] {exponent, ratio}))
            .toList();
    if (points.isEmpty()) {
      return;
    }
    XYSeries series =
        chart.addSeries(
            function + ", " + mode,
            points.stream().mapToDouble(point -> point[0]).toArray(),
            points.stream().mapToDouble(point -> point[1]).toArray());
    boolean isFlag = mode == JvmMode.FLAG;
    series.setMarkerColor(COLORS.get(function)).setLineColor(COLORS.get(function));
    series.setMarker(isFlag ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
    series.setLineStyle(isFlag ? new BasicStroke(2) : ThroughputPicture.DASHES);
  }
}
