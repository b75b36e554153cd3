package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.integration.CrossEntropyCheck;
import org.stableops.integration.HessianCheck;
import org.stableops.integration.Measurements;
import org.stableops.integration.RandomProblem;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;
import org.stableops.internal.SoftmaxShape;

/**
 * Both cross-entropies under any options, with logits, labels, probabilities and sample weights of
 * any layout and dtype, logits of any size, no rows, and NaN in the rows that are never read.
 */
@Tag("thorough")
class CrossEntropyFuzzTest {
  private static final Measurements MEASUREMENTS = new Measurements();

  @Test
  void isRightInEveryLayout() {
    Fuzz.run(CrossEntropyFuzzTest.class, 220, 0.15, draw -> new Problem(draw).everywhere());
  }

  /** A case with the layouts of its arrays. */
  private static final class Problem {
    private final Format format;
    private final CrossEntropyCase problem;
    private final SoftmaxShape rows;
    private final Layout layout;
    private final Numbers labels;
    private final Numbers weights;
    private final Format massFormat;
    private final int choice;
    private final boolean trains;
    private final CrossEntropyCase.Solution exact;

    /** What the Hessian is multiplied by: of any layout, and NaN where nothing counts. */
    private final Layout ofDirection;

    private final double[] direction;
    private final CrossEntropyCase.Curvature curvature;

    Problem(Draw draw) {
      format = draw.of(Format.class);
      CrossEntropyCase drawn = new RandomProblem(draw.seed(), format).next();
      drawn = draw.rarely(15) ? withoutRows(drawn) : drawn;
      drawn = draw.rarely(4) ? withLogitsOfAnySize(drawn, draw) : drawn;
      rows = SoftmaxShape.of(drawn.shape(), drawn.options());
      weights = weights(drawn, draw);
      drawn = weights == null ? drawn : drawn.withSampleWeights(weights.elements());
      problem = poisoned(drawn);
      layout = draw.layout(problem.shape(), false);
      labels = labels(draw);
      massFormat = draw.rarely(3) ? Format.FLOAT64 : format;
      choice = draw.below(100);
      trains = draw.rarely(4) && problem.logits().length > 0;
      ofDirection = draw.layout(problem.shape(), false);
      direction = direction(draw);
      describe(draw);
      exact = problem.solve();
      curvature = problem.curvature(direction);
    }

    private double[] direction(Draw draw) {
      double[] v = new double[problem.logits().length];
      for (int i = 0; i < v.length; i++) {
        double z = problem.logits()[i];
        double number = format.round(draw.below(2001) / 1000.0 - 1);
        v[i] = Double.isFinite(z) ? number : Double.NaN;
      }
      return v;
    }

    private void describe(Draw draw) {
      draw.note("dtype", format + ", probabilities " + massFormat + ", integers " + choice);
      draw.note("options", problem.options());
      draw.note("shape", problem.shape());
      draw.note("logits", layout);
      draw.note("labels", labels.layout());
      draw.note("v", ofDirection);
      draw.note("direction", direction);
      draw.note("elements", problem.logits());
      draw.note("classes or probabilities", labels.elements());
      if (weights != null) {
        draw.note("sample weights", weights.layout());
        draw.note("weights", weights.elements());
      }
    }

    /** With an axis of no elements beside that of the classes. */
    private static CrossEntropyCase withoutRows(CrossEntropyCase drawn) {
      int axis = SoftmaxShape.of(drawn.shape(), drawn.options()).axis();
      long[] shape = drawn.shape().clone();
      int other = axis == 0 ? shape.length - 1 : 0;
      if (other == axis) {
        return drawn;
      }
      shape[other] = 0;
      return new CrossEntropyCase(
          new double[0],
          shape,
          drawn.labels() == null ? null : new long[0],
          drawn.probabilities() == null ? null : new double[0],
          drawn.sampleWeights() == null ? null : new double[0],
          drawn.options());
    }

    /** Some finite ones become anything that is finite. */
    private CrossEntropyCase withLogitsOfAnySize(CrossEntropyCase drawn, Draw draw) {
      double[] logits = drawn.logits().clone();
      for (int i = 0; i < logits.length; i++) {
        if (Double.isFinite(logits[i]) && draw.rarely(3)) {
          double size = format.round(draw.anySize(format));
          logits[i] = draw.rarely(2) ? size : -size;
        }
      }
      return new CrossEntropyCase(
          logits,
          drawn.shape(),
          drawn.labels(),
          drawn.probabilities(),
          drawn.sampleWeights(),
          drawn.options());
    }

    /** As they were drawn, or a mask, or integers. */
    private Numbers weights(CrossEntropyCase drawn, Draw draw) {
      if (drawn.sampleWeights() == null) {
        return null;
      }
      Layout ofRows = draw.layout(rowShape(draw), true);
      double[] weights = drawn.sampleWeights().clone();
      int kind = draw.below(4);
      if (kind == 0) {
        return Numbers.floating(ofRows, ofRows.tied(weights));
      }
      int most = kind == 1 ? 2 : 5;
      Arrays.setAll(weights, row -> draw.below(most));
      double[] tied = ofRows.tied(weights);
      return new Numbers(ofRows, tied, kind == 1, kind == 2);
    }

    /** Without the class axis, or with 1 there. */
    private long[] rowShape(Draw draw) {
      return draw.rarely(2) ? rows.rowShape() : rows.withOne();
    }

    private Numbers labels(Draw draw) {
      if (problem.labels() == null) {
        return Numbers.floating(draw.layout(problem.shape(), false), problem.probabilities());
      }
      double[] classes = Arrays.stream(problem.labels()).asDoubleStream().toArray();
      return Numbers.integers(draw.layout(rowShape(draw), false), classes);
    }

    /** NaN in rows that do not count, and labels or probabilities there that nobody could read. */
    private CrossEntropyCase poisoned(CrossEntropyCase drawn) {
      double[] logits = drawn.logits().clone();
      double[] probabilities = drawn.probabilities() == null ? null : drawn.probabilities().clone();
      long[] classes = drawn.labels() == null ? null : drawn.labels().clone();
      double[] rowWeights = rows.rowWeights(classes, drawn.sampleWeights(), drawn.options());
      for (int row = 0; row < rowWeights.length; row++) {
        if (rowWeights[row] == 0) {
          for (int i : places(row)) {
            logits[i] = Double.NaN;
            if (probabilities != null) {
              probabilities[i] = -1;
            }
          }
          if (classes != null && !drawn.options().ignores(classes[row])) {
            classes[row] = 99;
          }
        }
      }
      return new CrossEntropyCase(
          logits, drawn.shape(), classes, probabilities, drawn.sampleWeights(), drawn.options());
    }

    private int[] places(int row) {
      int classes = (int) rows.classes();
      long[] shape = rows.classesLast();
      long inner =
          IntStream.range(rows.axis(), shape.length - 1)
              .mapToLong(d -> shape[d])
              .reduce(1, (a, b) -> a * b);
      int first = (int) (row / inner * classes * inner + row % inner);
      return IntStream.range(0, classes).map(c -> first + c * (int) inner).toArray();
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.CrossEntropy<A> loss = problem.labels() == null ? host.dense() : host.sparse();
      ArrayHost.Laid<A> z = host.laid(layout, problem.logits(), format);
      ArrayHost.Laid<A> y = labels.on(host, choice, massFormat);
      ArrayHost.Laid<A> w = weights == null ? null : weights.on(host, choice / 7, Format.FLOAT64);
      A ofRows = w == null ? null : w.view();
      CrossEntropyOptions options = problem.options();
      A value = loss.value().apply(z.view(), y.view(), ofRows, options);
      A gradient = loss.gradient().apply(z.view(), y.view(), ofRows, options);
      ValueAndGradient<A> both = loss.valueAndGradient().apply(z.view(), y.view(), ofRows, options);
      CrossEntropyEvaluation<A> all = loss.evaluate().apply(z.view(), y.view(), ofRows, options);
      host.requireUnchanged(z, where + " logits");
      host.requireUnchanged(y, where + " labels");
      if (w != null) {
        host.requireUnchanged(w, where + " sampleWeights");
      }
      host.requireShape(lossShape(), host.dtype(format), value, where + " value");
      host.requireLike(z, gradient, where + " gradient");
      double[] values = host.doubles(value);
      double[] gradients = host.doubles(gradient);
      CrossEntropyCheck check =
          new CrossEntropyCheck(problem, exact, format, host.host(), path, MEASUREMENTS);
      check.check(new Host.Loss(values, gradients));
      assertArrayEquals(values, host.doubles(both.value()), () -> where + " value of both");
      assertArrayEquals(
          gradients, host.doubles(both.gradient()), () -> where + " gradient of both");
      checkEvaluation(host, all, values, check, where);

      checkHessian(host, path, z.view(), y.view(), ofRows);

      A plainY = labels(labels, host);
      A plainW = weights == null ? null : labels(weights, host);
      A plainZ = host.plain(layout.shape(), problem.logits(), format);
      A gradientOfPlain = loss.gradient().apply(plainZ, plainY, plainW, options);
      host.requireSame(gradientOfPlain, gradients, path, where + " gradient");
      if (trains) {
        double[] seen = host.backprop(layout, problem.logits(), format, y.view(), ofRows, options);
        assertArrayEquals(gradients, seen, () -> where + " in training");
      }
      return null;
    }

    private <A extends AutoCloseable> void checkHessian(
        ArrayHost<A> host, Path path, A z, A y, A ofRows) {
      String where = host.host().name() + " " + path;
      ArrayHost.CrossEntropy<A> loss = problem.labels() == null ? host.dense() : host.sparse();
      ArrayHost.Laid<A> v = host.laid(ofDirection, direction, format);
      CrossEntropyOptions options = problem.options();
      A product = loss.hessianVectorProduct().apply(z, y, ofRows, v.view(), options);
      A diagonal = loss.hessianDiagonal().apply(z, y, ofRows, options);
      host.requireUnchanged(v, where + " v");
      host.requireLike(v, product, where + " product");
      host.requireLike(v, diagonal, where + " diagonal");
      new HessianCheck(problem, curvature, format, host.host(), path, MEASUREMENTS)
          .run(new Host.Hessian(host.doubles(product), host.doubles(diagonal)));
    }

    private <A extends AutoCloseable> A labels(Numbers numbers, ArrayHost<A> host) {
      Format wide = numbers == weights ? Format.FLOAT64 : massFormat;
      return numbers.plain().on(host, choice, wide).view();
    }

    private long[] lossShape() {
      return problem.options().reduction() == Reduction.NONE ? rows.rowShape() : new long[0];
    }

    private <A extends AutoCloseable> void checkEvaluation(
        ArrayHost<A> host,
        CrossEntropyEvaluation<A> all,
        double[] loss,
        CrossEntropyCheck check,
        String where) {
      String dtype = host.dtype(format);
      host.requireShape(lossShape(), dtype, all.loss(), where + " loss of evaluate");
      host.requireShape(lossShape(), dtype, all.zLoss(), where + " zLoss");
      host.requireShape(rows.rowShape(), dtype, all.rowLosses(), where + " rowLosses");
      host.requireShape(rows.rowShape(), dtype, all.logSumExp(), where + " logSumExp");
      Host.Evaluation actual =
          new Host.Evaluation(
              host.doubles(all.loss()),
              host.doubles(all.rowLosses()),
              host.doubles(all.logSumExp()),
              host.doubles(all.zLoss()),
              all.weight());
      check.checkEvaluation(loss, actual);
    }
  }
}
