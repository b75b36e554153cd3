package org.stableops.benchmarks;

import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.stableops.integration.demo.Pictures;

/** An empty chart of ratios, one name a line. */
final class RatioChart {
  private static final int HEIGHT = 130;

  private RatioChart() {}

  static HorizontalBarChart of(
      String title, String axisTitle, int width, int heightOfLine, int lines) {
    HorizontalBarChart chart =
        new HorizontalBarChartBuilder()
            .width(width)
            .height(HEIGHT + heightOfLine * lines)
            .title(title)
            .xAxisTitle(axisTitle)
            .build();
    Pictures.style(chart.getStyler());
    chart.getStyler().setAvailableSpaceFill(0.8);
    // Or XChart leaves out every second name.
    chart.getStyler().setXAxisMaxLabelCount(Math.max(2, lines));
    return chart;
  }
}
