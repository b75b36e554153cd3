package org.stableops.benchmarks;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.HorizontalBarChart;
import org.stableops.integration.demo.Pictures;

/** How many times faster ours is, beside the bars. */
final class RatioPicture {
  private static final int WIDTH = 1200;
  private static final int HEIGHT_OF_BAR = 52;

  private static final Color DARK = new Color(0xB8, 0xB8, 0xB8);
  private static final Color PALE = new Color(0xDE, 0xDE, 0xDE);

  private RatioPicture() {}

  static void write(Path directory, Results results) throws IOException {
    List<Bar> bars = measured(results);
    if (bars.isEmpty()) {
      return;
    }
    HorizontalBarChart chart =
        RatioChart.of(
            "How many times as fast as the peer, and the bar",
            "time of the peer / time of ours",
            WIDTH,
            HEIGHT_OF_BAR,
            bars.size());
    List<String> names = bars.stream().map(RatioPicture::name).toList();
    for (JvmMode mode : JvmMode.values()) {
      boolean isFlag = mode == JvmMode.FLAG;
      Color ours = isFlag ? Pictures.DARK_BLUE : Pictures.PALE_BLUE;
      add(chart, mode + " JVM", names, bars, of(mode, results), ours);
      add(chart, mode + ", the bar", names, bars, bar -> bar.of(mode), isFlag ? DARK : PALE);
    }
    Pictures.write(chart, directory.resolve("bars.png"));
  }

  private static List<Bar> measured(Results results) {
    return Bars.ALL.stream()
        .filter(bar -> bar.measure() == Bar.Measure.SPEEDUP)
        .filter(bar -> bar.worst(results, conditions(JvmMode.PLAIN)).isPresent())
        .toList();
  }

  private static String name(Bar bar) {
    return bar.work() + " / " + bar.against();
  }

  private static Conditions conditions(JvmMode mode) {
    return new Conditions(mode, Bars.THREADS);
  }

  private static ToDoubleFunction<Bar> of(JvmMode mode, Results results) {
    return bar -> bar.worst(results, conditions(mode)).map(Bar.Measured::value).orElse(Double.NaN);
  }

  private static void add(
      HorizontalBarChart chart,
      String name,
      List<String> names,
      List<Bar> bars,
      ToDoubleFunction<Bar> value,
      Color color) {
    List<Double> values =
        bars.stream().map(value::applyAsDouble).map(v -> v.isNaN() ? 0 : v).toList();
    chart.addSeries(name, values, names).setFillColor(color);
  }
}
