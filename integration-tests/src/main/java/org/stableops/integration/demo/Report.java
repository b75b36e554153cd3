package org.stableops.integration.demo;

import static j2html.TagCreator.body;
import static j2html.TagCreator.document;
import static j2html.TagCreator.each;
import static j2html.TagCreator.figcaption;
import static j2html.TagCreator.figure;
import static j2html.TagCreator.h1;
import static j2html.TagCreator.h2;
import static j2html.TagCreator.head;
import static j2html.TagCreator.html;
import static j2html.TagCreator.img;
import static j2html.TagCreator.meta;
import static j2html.TagCreator.p;
import static j2html.TagCreator.rawHtml;
import static j2html.TagCreator.style;
import static j2html.TagCreator.table;
import static j2html.TagCreator.tbody;
import static j2html.TagCreator.td;
import static j2html.TagCreator.th;
import static j2html.TagCreator.thead;
import static j2html.TagCreator.title;
import static j2html.TagCreator.tr;

import j2html.tags.DomContent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.knowm.xchart.XYChart;
import org.stableops.integration.oracle.ElementwiseFunction;

/** The report: a page and its pictures in a directory. */
final class Report {
  private static final String TITLE = "stable-ops: two frameworks, the same numbers";
  private static final int POINTS_OF_A_CURVE = 400;

  private static final String CUT_OFF =
      "float32, against exact results. Errors below 0.01 ulp are drawn there; infinite and NaN"
          + " results at the upper edge.";

  private static final String CSS =
      """
      body { font: 15px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
      figure { margin: 1.5rem 0; }
      img { width: 100%; max-width: 900px; height: auto; }
      table { border-collapse: collapse; font-size: 13px; }
      td, th { padding: .15rem .7rem; text-align: left; border-bottom: 1px solid #ddd; }
      th { position: sticky; top: 0; background: white; }
      .missed { background: #fdd; }
      """;

  private final Path directory;

  Report(Path directory) {
    this.directory = directory;
  }

  /** Writes everything. Returns the page. */
  Path write(List<TwinTraining> trainings, double allowed, List<ErrorRow> errors)
      throws IOException {
    Files.createDirectories(directory);
    DomContent content =
        body(
            h1(TITLE),
            h2("Training"),
            p(
                "The same network learns the same handwritten digits in DJL and in SameDiff, from the"
                    + " same weights, in the same order, by the same gradient descent."),
            summary(trainings),
            losses(trainings.get(0)),
            differences(trainings, allowed),
            h2("Accuracy of the operators"),
            softplusInverse(),
            squareplus(),
            crossEntropy(),
            p(ErrorRow.EXPLANATION),
            errorTable(errors),
            h2("Versions"),
            versions(Versions.of()));
    Path page = directory.resolve("index.html");
    Files.writeString(page, document(html(header(), content).attr("lang", "en")));
    return page;
  }

  private static DomContent header() {
    return head(meta().withCharset("utf-8"), title(TITLE), style(rawHtml(CSS)));
  }

  private static DomContent summary(List<TwinTraining> trainings) {
    return table(
        thead(
            tr(
                each(
                    List.of(
                        "dtype",
                        "steps",
                        "held-out accuracy, DJL",
                        "SameDiff",
                        "temperature learned, DJL",
                        "SameDiff",
                        "largest relative difference of a loss"),
                    name -> th(name)))),
        tbody(each(trainings, Report::summary)));
  }

  private static DomContent summary(TwinTraining training) {
    return row(
        List.of(
            training.format().name().toLowerCase(Locale.ROOT),
            Integer.toString(training.differences().length),
            text("%.2f %%", 100 * training.djlAccuracy()),
            text("%.2f %%", 100 * training.sameDiffAccuracy()),
            text("%.6f", training.djlTemperature()),
            text("%.6f", training.sameDiffTemperature()),
            text("%.1e", training.largestDifference())));
  }

  private DomContent losses(TwinTraining training) throws IOException {
    return picture(
        "losses.png",
        Charts.losses(training),
        "The loss of every step in float32: the thin line of SameDiff lies on the wide one of"
            + " DJL.");
  }

  private DomContent differences(List<TwinTraining> trainings, double allowed) throws IOException {
    return picture(
        "differences.png",
        Charts.differences(trainings, allowed),
        "How far the two losses of a step are apart. Steps with equal losses are left out.");
  }

  private DomContent softplusInverse() throws IOException {
    double[] x = ErrorCurve.logarithmic(1e-6, 1e3, POINTS_OF_A_CURVE);
    XYChart chart =
        Charts.errors(
            "Softplus inverse is accurate everywhere, log(exp(x) − 1) is not",
            "x",
            ErrorCurve.of(ElementwiseFunction.SOFTPLUS_INVERSE, x));
    chart.getStyler().setXAxisLogarithmic(true).setXAxisLogarithmicDecadeOnly(true);
    chart.getStyler().setXAxisTickLabelsFormattingFunction(Pictures.powerOfTen());
    return picture("softplus-inverse.png", chart, CUT_OFF);
  }

  private DomContent squareplus() throws IOException {
    double[] x = ErrorCurve.linear(-6000, 1000, POINTS_OF_A_CURVE);
    XYChart chart =
        Charts.errors(
            "Squareplus keeps its digits where (x + √(x² + 4))/2 cancels",
            "x",
            ErrorCurve.of(ElementwiseFunction.SQUAREPLUS, x));
    return picture("squareplus.png", chart, CUT_OFF);
  }

  private DomContent crossEntropy() throws IOException {
    // Steps of 1: XChart marks the axis at points of the data.
    double[] x = ErrorCurve.linear(-120, 120, 241);
    XYChart chart =
        Charts.errors(
            "Cross-entropy keeps its digits on confident rows, right or wrong",
            "x, of logits (x, 0, 0) and label 0",
            ErrorCurve.ofCrossEntropy(x));
    chart.getStyler().setXAxisDecimalPattern("0");
    return picture("cross-entropy.png", chart, CUT_OFF);
  }

  private DomContent picture(String file, XYChart chart, String caption) throws IOException {
    Pictures.write(chart, directory.resolve(file));
    return figure(
        img().withSrc(file).withAlt(chart.getTitle()).attr("width", Charts.WIDTH),
        figcaption(caption));
  }

  private static DomContent errorTable(List<ErrorRow> errors) {
    return table(
        thead(tr(each(ErrorRow.HEADER, name -> th(name)))),
        tbody(
            each(
                errors,
                error ->
                    tr(each(error.cells(), cell -> td(cell)))
                        .withCondClass(error.isMissed(), "missed"))));
  }

  private static DomContent versions(Map<String, String> versions) {
    return table(
        tbody(
            each(
                List.copyOf(versions.entrySet()),
                version -> row(List.of(version.getKey(), version.getValue())))));
  }

  private static DomContent row(List<String> cells) {
    return tr(each(cells, cell -> td(cell)));
  }

  private static String text(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
