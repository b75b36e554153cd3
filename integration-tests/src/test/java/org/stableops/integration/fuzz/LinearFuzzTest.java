package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.integration.LinearProblems;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Exact;
import org.stableops.integration.oracle.Format;
import org.stableops.integration.oracle.LinearCase;
import org.stableops.integration.oracle.LinearExact;

/**
 * The linear cross-entropy under any options, with hidden states, weight, bias, labels and sample
 * weights of any layout and dtype, and NaN in the tokens that are never read.
 */
@Tag("thorough")
class LinearFuzzTest {
  @Test
  void isRightInEveryLayout() {
    Fuzz.run(LinearFuzzTest.class, 200, 0.1, draw -> new Problem(draw).everywhere());
  }

  /** A case with the layouts of its arrays. */
  private static final class Problem {
    private final Format format;
    private final LinearCase problem;
    private final Layout ofHidden;
    private final Layout ofWeight;

    /** Null for none. */
    private final Layout ofBias;

    private final Numbers labels;
    private final Numbers sampleWeights;
    private final int choice;
    private final LinearExact.Numbers losses;
    private final LinearExact.Gradients gradients;

    Problem(Draw draw) {
      format = draw.of(Format.class);
      // The first numbers have every option alone.
      LinearCase drawn =
          LinearProblems.draw(draw.below(60), new SplittableRandom(draw.seed()), format);
      long[] tokens = {drawn.tokens()};
      long[] ofColumn = {drawn.tokens(), 1};
      int dimension = drawn.dimension();
      ofHidden = draw.layout(new long[] {drawn.tokens(), dimension}, false);
      ofWeight = draw.layout(new long[] {drawn.classes(), dimension}, false);
      ofBias = drawn.bias() == null ? null : draw.layout(new long[] {drawn.classes()}, false);
      sampleWeights =
          drawn.sampleWeights() == null
              ? null
              : weights(draw, draw.layout(draw.rarely(2) ? tokens : ofColumn, true), drawn);
      LinearCase weighted =
          sampleWeights == null ? drawn : drawn.withSampleWeights(sampleWeights.elements());
      problem = poisoned(draw, weighted);
      double[] classes = Arrays.stream(problem.labels()).asDoubleStream().toArray();
      labels = Numbers.integers(draw.layout(draw.rarely(2) ? tokens : ofColumn, false), classes);
      choice = draw.below(100);
      describe(draw);
      LinearExact exact = new LinearExact(problem);
      losses = exact.losses();
      gradients = exact.gradients(1);
    }

    /** As they were drawn, or a mask, or integers. */
    private static Numbers weights(Draw draw, Layout layout, LinearCase drawn) {
      int kind = draw.below(3);
      double[] weights = drawn.sampleWeights().clone();
      if (kind > 0) {
        Arrays.setAll(weights, token -> draw.below(kind == 1 ? 2 : 5));
      }
      return new Numbers(layout, layout.tied(weights), kind == 1, kind == 2);
    }

    /** NaN in tokens that do not count, and where the weight is 0 a label that is no class. */
    private static LinearCase poisoned(Draw draw, LinearCase drawn) {
      List<Double> unreadable =
          List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
      double[] hidden = drawn.hidden().clone();
      long[] classes = drawn.labels().clone();
      int dimension = drawn.dimension();
      for (int token = 0; token < classes.length; token++) {
        if (!drawn.counts(token)) {
          Arrays.fill(hidden, token * dimension, (token + 1) * dimension, draw.of(unreadable));
          classes[token] = drawn.options().ignores(classes[token]) ? classes[token] : 99;
        }
      }
      return new LinearCase(
          hidden, drawn.weight(), drawn.bias(), classes, drawn.sampleWeights(), drawn.options());
    }

    private void describe(Draw draw) {
      draw.note("dtype", format + ", integers " + choice);
      draw.note("hidden", ofHidden);
      draw.note("weight", ofWeight);
      draw.note("bias", ofBias);
      draw.note("labels", labels.layout());
      draw.note("sample weights", sampleWeights == null ? null : sampleWeights.layout());
      draw.note("problem", LinearProblems.text(problem));
    }

    void everywhere() {
      ArrayHost.everywhere(format, this::on);
    }

    private <A extends AutoCloseable> Void on(ArrayHost<A> host, Path path) {
      String where = host.host().name() + " " + path;
      ArrayHost.Laid<A> h = host.laid(ofHidden, problem.hidden(), format);
      ArrayHost.Laid<A> w = host.laid(ofWeight, problem.weight(), format);
      ArrayHost.Laid<A> b = ofBias == null ? null : host.laid(ofBias, problem.bias(), format);
      ArrayHost.Laid<A> y = labels.on(host, choice, format);
      ArrayHost.Laid<A> a =
          sampleWeights == null ? null : sampleWeights.on(host, choice / 7, Format.FLOAT64);
      OperatorClass operator = host.operator("LinearCrossEntropy");
      Object[] arguments = {h.view(), w.view(), view(b), y.view(), view(a), problem.options()};
      A value = operator.call("value", arguments);
      LinearCrossEntropyGradients<A> all = operator.call("valueAndGradients", arguments);
      for (ArrayHost.Laid<A> array : Arrays.asList(h, w, b, y, a)) {
        if (array != null) {
          host.requireUnchanged(array, where + " an argument");
        }
      }
      boolean isReduced = problem.options().reduction() != Reduction.NONE;
      long[] lossShape = isReduced ? new long[0] : new long[] {problem.tokens()};
      host.requireShape(lossShape, host.dtype(format), value, where + " value");
      host.requireLike(h, all.hidden(), where + " gradient to hidden");
      host.requireLike(w, all.weight(), where + " gradient to weight");
      assertArrayEquals(
          host.doubles(value), host.doubles(all.loss()), () -> where + " loss with gradients");
      check(host.doubles(value), losses, where + " value");
      check(host.doubles(all.hidden()), gradients.hidden(), where + " by hidden");
      check(host.doubles(all.weight()), gradients.weight(), where + " by weight");
      if (b == null) {
        assertNull(all.bias());
      } else {
        host.requireLike(b, all.bias(), where + " gradient to bias");
        check(host.doubles(all.bias()), gradients.bias(), where + " by bias");
      }
      return null;
    }

    private static <A> A view(ArrayHost.Laid<A> laid) {
      return laid == null ? null : laid.view();
    }

    private void check(double[] actual, LinearExact.Numbers numbers, String where) {
      assertEquals(numbers.exact().length, actual.length, where);
      for (int i = 0; i < actual.length; i++) {
        Exact exact = numbers.exact()[i];
        double number = actual[i];
        double bar = LinearProblems.bar(problem, format, exact, numbers.bars()[i]);
        boolean overflows =
            Double.isInfinite(number) && Math.abs(exact.nearest()) + bar >= format.max();
        assertTrue(
            overflows || Math.abs(number - exact.nearest()) <= bar,
            () -> "%s: %s, not %s ± %s".formatted(where, number, exact.nearest(), bar));
      }
    }
  }
}
