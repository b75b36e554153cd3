package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.integration.host.Host;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.Format;

/**
 * The 34 cases that ONNX has for its operator SoftmaxCrossEntropyLoss: 17 of the loss, and each
 * again with the optional output log_prob. Expected values are computed as its specification says:
 * with logits x of shape (N, C, d1, …, dk) and labels of shape (N, d1, …, dk), l = −log_prob at the
 * label, times the weight of the label, 0 where it is ignore_index; none, sum, or mean, which
 * divides by the weights of the labels that are not ignored.
 *
 * @see <a href="https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html">the operator</a>
 */
class OnnxSoftmaxCrossEntropyLossTest {
  private static final double[] WEIGHTS = {0.9, 0.7, 0.8, 0.9, 0.9};
  private static final long[] D1 = {3, 5, 6};
  private static final long[] D3 = {3, 5, 6, 6, 5};
  private static final long[] D5 = {3, 5, 6, 6, 5, 3, 4};

  /** A case: the ignored label, if there is one, is also put at the first place of the labels. */
  record Case(
      String name, long[] shape, Reduction reduction, boolean isWeighted, Long ignoreIndex) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("sce_none", new long[] {3, 5}, Reduction.NONE, false, null),
        new Case("sce_none_weights", new long[] {3, 5}, Reduction.NONE, true, null),
        new Case("sce_sum", new long[] {3, 5}, Reduction.SUM, false, null),
        new Case("sce_mean", new long[] {3, 5}, Reduction.MEAN, false, null),
        new Case("sce_mean_3d", new long[] {3, 5, 2}, Reduction.MEAN, false, null),
        new Case("sce_mean_weight", new long[] {3, 5}, Reduction.MEAN, true, null),
        new Case("sce_mean_weight_ii", new long[] {3, 5}, Reduction.MEAN, true, 0L),
        new Case("sce_mean_weight_ii_3d", new long[] {3, 5, 2}, Reduction.MEAN, true, 1L),
        new Case("sce_mean_weight_ii_4d", new long[] {3, 5, 2, 7}, Reduction.MEAN, true, 2L),
        new Case("sce_mean_no_weight_ii", new long[] {3, 5}, Reduction.MEAN, false, 2L),
        new Case("sce_mean_no_weight_ii_3d", new long[] {3, 5, 2}, Reduction.MEAN, false, 2L),
        new Case("sce_mean_no_weight_ii_4d", new long[] {3, 5, 2, 7}, Reduction.MEAN, false, 2L),
        new Case("sce_NCd1_mean_weight_negative_ii", D1, Reduction.MEAN, true, -1L),
        new Case("sce_NCd1d2d3_none_no_weight_negative_ii", D3, Reduction.NONE, false, -5L),
        new Case("sce_NCd1d2d3_sum_weight_high_ii", new long[] {3, 5}, Reduction.SUM, true, 10L),
        new Case("sce_NCd1d2d3d4d5_mean_weight", D5, Reduction.MEAN, true, null),
        new Case("sce_NCd1d2d3d4d5_none_no_weight", D5, Reduction.NONE, false, null));
  }

  static Stream<Arguments> settings() {
    return cases()
        .flatMap(
            onnx ->
                Host.ALL.stream()
                    .flatMap(
                        host ->
                            Arrays.stream(Path.values())
                                .map(path -> Arguments.of(onnx, host, path))));
  }

  @ParameterizedTest(name = "{0}, {2}")
  @MethodSource("settings")
  void loss(Case onnx, Host host, Path path) {
    Drawn drawn = new Drawn(onnx);
    double[] expected = drawn.loss();
    double[] actual = path.run(() -> host.crossEntropy(drawn.problem(), Format.FLOAT32)).loss();
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 3 * Format.FLOAT32.ulp(expected[i]));
    }
  }

  @ParameterizedTest(name = "{0}_log_prob, {2}")
  @MethodSource("settings")
  void logProbability(Case onnx, Host host, Path path) {
    Drawn drawn = new Drawn(onnx);
    double[] expected = drawn.logProbabilities();
    double[] actual =
        path.run(() -> host.logSoftmax(drawn.x, onnx.shape, 1, drawn.x, Format.FLOAT32)).value();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 3 * Format.FLOAT32.ulp(expected[i]));
    }
  }

  /** Logits in [0, 1) and labels, and what the specification makes of them. */
  private static final class Drawn {
    private static final int CLASSES = 5;
    private final Case onnx;
    private final int inner;
    final double[] x;
    private final long[] labels;

    Drawn(Case onnx) {
      this.onnx = onnx;
      SplittableRandom random = new SplittableRandom(0);
      inner = (int) Arrays.stream(onnx.shape).skip(2).reduce(1, (a, b) -> a * b);
      int rows = 3 * inner;
      x = random.doubles((long) rows * CLASSES).map(Format.FLOAT32::round).toArray();
      labels = random.longs(rows, 0, CLASSES).toArray();
      if (onnx.ignoreIndex != null) {
        labels[0] = onnx.ignoreIndex;
      }
    }

    CrossEntropyCase problem() {
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT.withAxis(1).withReduction(onnx.reduction);
      if (onnx.isWeighted) {
        options = options.withClassWeights(WEIGHTS);
      }
      if (onnx.ignoreIndex != null) {
        options = options.withIgnoreIndex(onnx.ignoreIndex);
      }
      return new CrossEntropyCase(x, onnx.shape, labels, null, null, options);
    }

    private int index(int row, int label) {
      return (row / inner * CLASSES + label) * inner + row % inner;
    }

    double[] logProbabilities() {
      double[] logs = new double[x.length];
      for (int row = 0; row < labels.length; row++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++) {
          sum += Math.exp(x[index(row, c)]);
        }
        for (int c = 0; c < CLASSES; c++) {
          logs[index(row, c)] = x[index(row, c)] - Math.log(sum);
        }
      }
      return logs;
    }

    double[] loss() {
      double[] logs = logProbabilities();
      double[] losses = new double[labels.length];
      double weights = 0;
      for (int row = 0; row < labels.length; row++) {
        if (onnx.ignoreIndex == null || labels[row] != onnx.ignoreIndex) {
          double weight = onnx.isWeighted ? WEIGHTS[(int) labels[row]] : 1;
          losses[row] = -weight * logs[index(row, (int) labels[row])];
          weights += weight;
        }
      }
      double sum = Arrays.stream(losses).sum();
      return switch (onnx.reduction) {
        case NONE -> losses;
        case SUM -> new double[] {sum};
        case MEAN -> new double[] {sum / weights};
      };
    }
  }
}
