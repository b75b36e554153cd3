package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.CountEvaluation;
import org.stableops.LossEvaluation;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.fuzz.ElementAnswers.Answer;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/**
 * The losses of yes or no and of counts under any options, with arguments, companions, targets and
 * sample weights of any layout and dtype, arguments of any size, and NaN in the elements that are
 * never read.
 */
@Tag("thorough")
class ElementLossFuzzTest {
  @Test
  void isRightInEveryLayout() {
    Fuzz.run(ElementLossFuzzTest.class, 225, 0.2, draw -> new Problem(draw).everywhere());
  }

  /** A case with the layouts of its arrays. */
  private static final class Problem {
    /** Dtypes that every host has. */
    private static final List<Format> EVERYWHERE =
        List.of(Format.FLOAT16, Format.FLOAT32, Format.FLOAT64);

    private final Format format;
    private final ElementLossKind kind;
    private final Reduction reduction;
    private final Layout layout;

    /** Of any floating dtype that has them, of integers or of booleans. */
    private final Numbers targets;

    private final Format targetFormat;
    private final Numbers weights;

    /** Null for a loss without one. */
    private final Layout ofCompanion;

    private final int choice;
    private final boolean trains;
    private final ElementLossHost.Problem problem;

    /** What each element has in every result, times its weight. */
    private final Map<Result, Answer[]> answers = new EnumMap<>(Result.class);

    /** For each element, which companion it meets. */
    private final int[] met;

    /** Σ a. */
    private final double weight;

    Problem(Draw draw) {
      format = draw.of(Format.class);
      long[] shape = draw.shape();
      reduction = draw.of(Reduction.class);
      targetFormat = draw.rarely(2) ? format : draw.of(EVERYWHERE);
      kind = ElementLossKind.draw(draw, shape, format, targetFormat, reduction);
      boolean isWeighted = draw.rarely(2);
      layout = draw.layout(shape, !isWeighted);
      Layout ofTargets = draw.layout(shape, !isWeighted);
      ofCompanion = kind.hasCompanion() ? draw.layout(draw.broadcasting(shape), true) : null;
      met = ofCompanion == null ? null : Layout.met(shape, ofCompanion.shape());
      weights = isWeighted ? weights(draw, draw.layout(shape, true)) : null;
      double[] a = weights == null ? null : weights.elements();
      ElementLossKind.Elements elements = kind.elements(draw, Draw.size(shape));
      double[] x = layout.tied(elements.x());
      double[] y = ofTargets.tied(elements.y());
      double[] c =
          ofCompanion == null ? null : ofCompanion.tied(kind.companions(draw, ofCompanion));
      solve(x, c, y, a);
      weight = a == null ? x.length : Arrays.stream(a).sum();
      if (a != null) {
        poison(draw, x, c, y, a);
      }
      targets = new Numbers(ofTargets, y, kind.areTruths(), kind.areIntegers());
      choice = draw.below(100);
      trains = draw.rarely(2) && x.length > 0 && !layout.isRepeated();
      problem =
          new ElementLossHost.Problem(
              kind.operator(),
              x,
              c,
              y,
              a,
              shape,
              ofCompanion == null ? null : ofCompanion.shape(),
              kind.options());
      describe(draw);
    }

    private static Numbers weights(Draw draw, Layout ofWeights) {
      double[] a = new double[Draw.size(ofWeights.shape())];
      int kind = draw.below(3);
      Arrays.setAll(
          a,
          i ->
              switch (kind) {
                case 0 -> draw.rarely(3) ? 0 : Math.exp(draw.uniform(-3, 3));
                case 1 -> draw.below(2);
                default -> draw.below(4);
              });
      return new Numbers(ofWeights, ofWeights.tied(a), kind == 1, kind == 2);
    }

    private void solve(double[] x, double[] c, double[] y, double[] a) {
      for (Result result : Result.values()) {
        answers.put(result, new Answer[x.length]);
      }
      for (int i = 0; i < x.length; i++) {
        double factor = a == null ? 1 : a[i];
        int place = i;
        Map<Result, Answer> all =
            factor == 0
                ? ElementAnswers.ofNothing(format)
                : kind.answers(x[i], c == null ? Double.NaN : c[met[i]], y[i], i);
        all.forEach((result, answer) -> answers.get(result)[place] = answer.times(factor));
      }
    }

    /** Nobody can read the elements that weigh nothing, nor the companions of nothing else. */
    private void poison(Draw draw, double[] x, double[] c, double[] y, double[] a) {
      List<Double> unreadable =
          List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
      boolean[] isRead = new boolean[c == null ? 0 : c.length];
      for (int i = 0; i < x.length; i++) {
        if (a[i] == 0) {
          x[i] = draw.of(unreadable);
          y[i] = kind.areTruths() ? y[i] : kind.areIntegers() || draw.rarely(2) ? -1 : Double.NaN;
        } else if (c != null) {
          isRead[met[i]] = true;
        }
      }
      for (int k = 0; k < isRead.length && !ofCompanion.isRepeated(); k++) {
        c[k] = isRead[k] ? c[k] : draw.rarely(2) ? Double.NaN : -1;
      }
    }

    private void describe(Draw draw) {
      draw.note("dtype", format + ", targets " + targetFormat + ", integers " + choice);
      draw.note("loss", kind.operator() + " " + kind.options());
      draw.note("shape", problem.shape());
      draw.note("x", layout);
      draw.note("elements", problem.x());
      draw.note("targets", targets.layout());
      draw.note("numbers", targets.elements());
      if (ofCompanion != null) {
        draw.note("shape of the companion", ofCompanion.shape());
        draw.note("companion", ofCompanion);
        draw.note("companions", problem.companion());
      }
      if (weights != null) {
        draw.note("sample weights", weights.layout());
        draw.note("weights", weights.elements());
      }
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Laid<A> x = host.laid(layout, problem.x(), format);
      ArrayHost.Laid<A> y = targets.on(host, choice, targetFormat);
      ArrayHost.Laid<A> c =
          ofCompanion == null ? null : host.laid(ofCompanion, problem.companion(), format);
      ArrayHost.Laid<A> w = weights == null ? null : weights.on(host, choice / 7, Format.FLOAT64);
      Call<A> call = new Call<>(host, x.view(), view(c), y.view(), view(w));
      A plainX = host.plain(layout.shape(), problem.x(), format);
      A plainC = c == null ? null : host.plain(ofCompanion.shape(), problem.companion(), format);
      A plainY = targets.plain().on(host, choice, targetFormat).view();
      A plainW = w == null ? null : weights.plain().on(host, choice / 7, Format.FLOAT64).view();
      Call<A> ofPlain = new Call<>(host, plainX, plainC, plainY, plainW);
      Map<Result, double[]> actual = new EnumMap<>(Result.class);
      for (Result result : kind.results()) {
        String what = where + " " + result.method();
        A array = call.of(result.method());
        boolean isLikeCompanion = result == Result.PARAMETER || result == Result.PARAMETER_SECOND;
        long[] shape =
            result == Result.LOSS
                ? lossShape()
                : isLikeCompanion ? ofCompanion.shape() : layout.shape();
        host.requireShape(shape, host.dtype(format), array, what);
        double[] numbers = host.doubles(array);
        check(result, numbers, path, what);
        host.requireSame(ofPlain.of(result.method()), numbers, path, what);
        actual.put(result, numbers);
      }
      checkOthers(call, actual, path, where);
      host.requireUnchanged(x, where + " argument");
      host.requireUnchanged(y, where + " targets");
      if (c != null) {
        host.requireUnchanged(c, where + " companion");
      }
      if (w != null) {
        host.requireUnchanged(w, where + " sampleWeights");
      }
      if (trains) {
        double[] seen = host.backprop(problem, layout, format, view(c), y.view(), view(w));
        assertArrayEquals(actual.get(Result.GRADIENT), seen, () -> where + " in training");
      }
      return null;
    }

    private static <A> A view(ArrayHost.Laid<A> laid) {
      return laid == null ? null : laid.view();
    }

    private long[] lossShape() {
      return reduction == Reduction.NONE ? layout.shape() : new long[0];
    }

    /** The loss on arrays of a host. */
    private final class Call<A extends AutoCloseable> {
      private final ArrayHost<A> host;
      private final Object[] arrays;

      Call(ArrayHost<A> host, A x, A c, A y, A w) {
        this.host = host;
        arrays = new Object[] {x, c, y, w};
      }

      <R> R of(String method) {
        return problem.call(host.operator(problem.operator()), method, arrays);
      }
    }

    /** Value and gradient in one pass, and what evaluate has beside the loss. */
    private <A extends AutoCloseable> void checkOthers(
        Call<A> call, Map<Result, double[]> actual, Path path, String where) {
      ArrayHost<A> host = call.host;
      ValueAndGradient<A> both = call.of("valueAndGradient");
      double[] loss = actual.get(Result.LOSS);
      assertArrayEquals(loss, host.doubles(both.value()), () -> where + " value of both");
      assertArrayEquals(
          actual.get(Result.GRADIENT),
          host.doubles(both.gradient()),
          () -> where + " gradient of both");
      A lossOfAll;
      A elementLosses;
      double weightOfAll;
      if (kind.isOfCounts()) {
        CountEvaluation<A> all = call.of("evaluate");
        lossOfAll = all.loss();
        elementLosses = all.elementLosses();
        weightOfAll = all.weight();
      } else {
        LossEvaluation<A> all = call.of("evaluate");
        lossOfAll = all.loss();
        elementLosses = all.elementLosses();
        weightOfAll = all.weight();
      }
      assertArrayEquals(loss, host.doubles(lossOfAll), () -> where + " loss of evaluate");
      host.requireShape(layout.shape(), host.dtype(format), elementLosses, where + " losses");
      double[] losses = host.doubles(elementLosses);
      for (int i = 0; i < losses.length; i++) {
        check(
            losses[i],
            answers.get(Result.LOSS)[i],
            isWeighted(),
            path,
            where + " loss of element " + i);
      }
      double rounding = 4 * Math.ulp(weight) + ofWeight(path) * weight;
      assertEquals(weight, weightOfAll, rounding, () -> where + " weight");
    }

    // ---- against what is exact

    private boolean isWeighted() {
      return weights != null;
    }

    private void check(Result result, double[] numbers, Path path, String what) {
      Answer[] all = answers.get(result);
      if (result == Result.LOSS && reduction != Reduction.NONE) {
        checkSum(numbers[0], all, scale(), path, what);
        return;
      }
      double scale = result == Result.LOSS ? 1 : scale();
      boolean isLikeCompanion = result == Result.PARAMETER || result == Result.PARAMETER_SECOND;
      for (int k = 0; k < numbers.length; k++) {
        String where = what + " " + k;
        if (isLikeCompanion) {
          int own = k;
          Answer[] terms =
              IntStream.range(0, all.length)
                  .filter(i -> met[i] == own)
                  .mapToObj(i -> all[i])
                  .toArray(Answer[]::new);
          checkSum(numbers[k], terms, scale, path, where);
        } else if (all[k] != null) {
          check(numbers[k], all[k].times(scale), isWeighted() || scale != 1, path, where);
        }
      }
    }

    /** How much of Σ a primitives may lose: libtorch adds up what is strided one by one. */
    private double ofWeight(Path path) {
      return isWeighted() && path == Path.COMPOSITE ? problem.x().length * 0x1p-53 : 0;
    }

    /** What derivatives are multiplied by. */
    private double scale() {
      return reduction != Reduction.MEAN ? 1 : weight == 0 ? 0 : 1 / weight;
    }

    private void checkSum(double actual, Answer[] terms, double scale, Path path, String where) {
      Answer sum = Answer.of(0);
      double size = 0;
      boolean isKnown = true;
      for (Answer term : terms) {
        isKnown &= term != null;
        if (term != null) {
          sum = sum.plus(term);
          size += Math.abs(term.number());
        }
      }
      if (isKnown || Double.isNaN(sum.number())) {
        double rounding = terms.length * 0x1p-53 * size;
        Answer rounded = sum.plus(new Answer(0, rounding, rounding));
        check(actual, rounded.times(scale), true, path, where);
      }
    }

    /** A product with weights or a scale costs more roundings. */
    private void check(double actual, Answer answer, boolean isProduct, Path path, String where) {
      double exact = answer.number();
      double rounding = isProduct ? 2 * format.epsilon() * Math.abs(exact) + format.min() : 0;
      boolean isOfMean = reduction == Reduction.MEAN && Double.isFinite(exact);
      double ofMean = isOfMean ? ofWeight(path) * Math.abs(exact) : 0;
      double allowed = answer.allowed(path) + rounding + ofMean;
      boolean isNumber = Double.isFinite(exact) && Math.abs(actual - exact) <= allowed;
      boolean mayOverflow = Math.abs(exact) + allowed >= format.max();
      boolean overflows = mayOverflow && actual == Math.copySign(Double.POSITIVE_INFINITY, exact);
      boolean isSpecial = Double.isNaN(exact) && Double.isNaN(actual);
      assertTrue(
          isNumber || overflows || isSpecial,
          () -> "%s: %s, not %s ± %s".formatted(where, actual, exact, allowed));
    }
  }
}
