package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.integration.ElementLossBars.Result;
import org.stableops.integration.RandomProblem;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.oracle.CrossEntropyCase;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;

/**
 * The bits of every fused operator in every form, dtype and layout, as a hash for each, compared
 * with those on record. A refactoring must not change one of them.
 *
 * <p>{@code -Dstableops.bits=record} records them anew, which is to be done, and said in the
 * commit, only when results are meant to change.
 */
class BitsTest {
  private static final Path RECORD = Path.of("src/test/resources/bits.txt");
  private static final int CASES = 24;

  private final Map<String, MessageDigest> digests = new TreeMap<>();

  @Test
  void areThoseOnRecord() throws IOException {
    // Math.exp and Math.log may have other bits on other processors and in other JVMs.
    assumeTrue(System.getProperty("os.arch").equals("amd64"));
    assumeTrue(Runtime.version().feature() == 17);
    for (Supplier<ArrayHost<?>> opens : ArrayHost.ALL) {
      try (ArrayHost<?> host = opens.get()) {
        org.stableops.integration.host.Path.FUSED.run(() -> hash(host));
      }
    }
    String bits = String.join("\n", lines()) + "\n";
    if ("record".equals(System.getProperty("stableops.bits"))) {
      Files.writeString(RECORD, bits);
    }
    assertEquals(Files.readString(RECORD), bits);
  }

  private List<String> lines() {
    return digests.entrySet().stream()
        .map(entry -> entry.getKey() + " " + HexFormat.of().formatHex(entry.getValue().digest()))
        .toList();
  }

  private <A extends AutoCloseable> Void hash(ArrayHost<A> host) {
    for (Format format : host.host().formats()) {
      for (int i = 0; i < CASES; i++) {
        Draw draw = new Draw(new SplittableRandom(i));
        for (ElementwiseFunction function : ElementwiseFunction.values()) {
          new OneFormat<>(host, format).elementwise(function, draw);
        }
        for (PositiveTransform transform : transforms(draw)) {
          new OneFormat<>(host, format).transform(transform, draw);
        }
        new OneFormat<>(host, format).rows(draw);
        new OneFormat<>(host, format).crossEntropy(new RandomProblem(i, format).next(), draw);
        new OneFormat<>(host, format).elementLoss(new Draw(new SplittableRandom(CASES + i)));
        new OneFormat<>(host, format).linear(new Draw(new SplittableRandom(CASES + i)));
      }
    }
    return null;
  }

  private static List<PositiveTransform> transforms(Draw draw) {
    double bound = draw.rarely(2) ? 0 : 1e-3;
    return List.of(
        PositiveTransform.softplus().withLowerBound(bound),
        PositiveTransform.squareplus().withLowerBound(bound),
        PositiveTransform.exp().withLowerBound(bound));
  }

  /** What is hashed of a host's arrays of one dtype. */
  private final class OneFormat<A extends AutoCloseable> {
    private final ArrayHost<A> host;
    private final Format format;

    OneFormat(ArrayHost<A> host, Format format) {
      this.host = host;
      this.format = format;
    }

    void elementwise(ElementwiseFunction function, Draw draw) {
      double parameter = draw.parameter(function);
      long[] shape = draw.shape();
      Layout layout = draw.layout(shape, true);
      double[] elements = draw.arguments(function, parameter, format, Draw.size(shape));
      double[] tied = layout.tied(elements);
      A x = host.laid(layout, tied, format).view();
      Layout ofP = draw.layout(draw.broadcasting(shape), true);
      double[] parameters = new double[Draw.size(ofP.shape())];
      Arrays.setAll(parameters, i -> draw.parameter(function, format));
      A p = host.laid(ofP, ofP.tied(parameters), format).view();
      ArrayHost.Elementwise<A> operator = host.elementwise(function);
      A out = host.laid(draw.layout(shape, false), new double[tied.length], format).view();
      add(function, "value", operator.value().apply(x, parameter));
      add(function, "gradient", operator.gradient().apply(x, parameter));
      operator.valueInto().apply(x, parameter, out);
      add(function, "valueInto", out);
      add(function, "value of arrays", operator.arrayValue().apply(x, p));
      add(function, "gradient of arrays", operator.arrayGradient().apply(x, p));
      add(function, "parameterGradient", operator.parameterGradient().apply(x, p));
      operator.arrayValueInto().apply(x, p, out);
      add(function, "valueInto of arrays", out);
      if (!layout.isRepeated() && elements.length > 0) {
        add(function, "backprop", host.backprop(function, layout, tied, format, parameter));
      }
    }

    void transform(PositiveTransform transform, Draw draw) {
      long[] shape = draw.shape();
      Layout layout = draw.layout(shape, true);
      double[] raw = new double[Draw.size(shape)];
      Arrays.setAll(raw, i -> format.round(draw.uniform(-20, 9)));
      A r = host.laid(layout, layout.tied(raw), format).view();
      ArrayHost.Transforms<A> operator = host.transforms();
      String name = transform.family().name();
      A value = operator.value().apply(r, transform);
      add(name, "value", value);
      add(name, "gradient", operator.gradient().apply(r, transform));
      add(name, "inverse", operator.inverse().apply(value, transform));
      add(name, "logDerivative", operator.logDerivative().apply(r, transform));
    }

    void rows(Draw draw) {
      long[] shape = draw.shape();
      if (shape.length == 0) {
        return;
      }
      int axis = draw.between(-shape.length, shape.length);
      shape[Math.floorMod(axis, shape.length)] +=
          shape[Math.floorMod(axis, shape.length)] == 0 ? 1 : 0;
      double[] elements = new double[Draw.size(shape)];
      Arrays.setAll(elements, i -> format.round(draw.uniform(-9, 9)));
      Layout layout = draw.layout(shape, false);
      A x = host.laid(layout, elements, format).view();
      ArrayHost.Rows<A> operators = host.rows();
      add("LOG_SUM_EXP", "value", operators.logSumExp().apply(x, axis));
      add("LOG_SUM_EXP", "gradient", operators.softmax().apply(x, axis));
      add("LOG_SOFTMAX", "value", operators.logSoftmax().apply(x, axis));
      add("LOG_SOFTMAX", "gradient", operators.logSoftmaxGradient().apply(x, axis, x));
    }

    void crossEntropy(CrossEntropyCase problem, Draw draw) {
      boolean isSparse = problem.labels() != null;
      ArrayHost.CrossEntropy<A> loss = isSparse ? host.sparse() : host.dense();
      A z = host.laid(draw.layout(problem.shape(), false), problem.logits(), format).view();
      A labels =
          isSparse ? labels(problem) : host.plain(problem.shape(), problem.probabilities(), format);
      A weights =
          problem.sampleWeights() == null
              ? null
              : host.plain(problem.rowShape(), problem.sampleWeights(), Format.FLOAT64);
      String name = isSparse ? "SPARSE_CROSS_ENTROPY" : "CROSS_ENTROPY";
      add(name, "value", loss.value().apply(z, labels, weights, problem.options()));
      add(name, "gradient", loss.gradient().apply(z, labels, weights, problem.options()));
      ValueAndGradient<A> both =
          loss.valueAndGradient().apply(z, labels, weights, problem.options());
      add(name, "valueAndGradient", both.value());
      add(name, "valueAndGradient", both.gradient());
      CrossEntropyEvaluation<A> all = loss.evaluate().apply(z, labels, weights, problem.options());
      for (A part : List.of(all.loss(), all.rowLosses(), all.logSumExp(), all.zLoss())) {
        add(name, "evaluate", part);
      }
      add(name, "evaluate", new double[] {all.weight()});
    }

    void elementLoss(Draw draw) {
      long[] shape = draw.shape();
      ElementLossKind kind =
          ElementLossKind.draw(draw, shape, format, format, draw.of(Reduction.class));
      ElementLossKind.Elements elements = kind.elements(draw, Draw.size(shape));
      Layout ofX = draw.layout(shape, false);
      Layout ofY = draw.layout(shape, false);
      A x = host.laid(ofX, elements.x(), format).view();
      A y = host.laid(ofY, elements.y(), format).view();
      Layout ofCompanion = draw.layout(draw.broadcasting(shape), true);
      double[] companions =
          kind.hasCompanion() ? ofCompanion.tied(kind.companions(draw, ofCompanion)) : null;
      A companion = companions == null ? null : host.laid(ofCompanion, companions, format).view();
      double[] weights = new double[elements.x().length];
      Arrays.setAll(weights, i -> draw.below(4) / 2.0);
      A a = draw.rarely(2) ? null : host.plain(shape, weights, Format.FLOAT64);
      ElementLossHost.Problem problem =
          new ElementLossHost.Problem(kind.operator(), null, null, null, shape, kind.options());
      ElementLossHost.Problem asCalled =
          companion == null ? problem : problem.withCompanion(companions);
      for (Result result : kind.results()) {
        A bits = asCalled.call(host.operator(kind.operator()), result.method(), x, companion, y, a);
        add(kind.operator(), result.method(), bits);
      }
    }

    /**
     * Of numbers whose products and sums are exact in any order, for a matrix product is the
     * host's: small integers, and for the gradients one token and one weight a column.
     */
    void linear(Draw draw) {
      int dimension = 1 + draw.below(5);
      int classes = dimension + draw.below(20);
      double[] weight = integers(draw, classes * dimension);
      linearLoss(draw, 1 + draw.below(40), dimension, weight, false);
      double[] ofColumns = new double[weight.length];
      for (int d = 0; d < dimension; d++) {
        ofColumns[d * dimension + d] = weight[d * dimension + d];
      }
      linearLoss(draw, 1, dimension, ofColumns, true);
    }

    private void linearLoss(
        Draw draw, int tokens, int dimension, double[] weight, boolean hasGradients) {
      int classes = weight.length / dimension;
      long[] ofHidden = {tokens, dimension};
      long[] ofWeight = {classes, dimension};
      double[] labels = new double[tokens];
      Arrays.setAll(labels, token -> draw.below(classes));
      A h =
          host.laid(draw.layout(ofHidden, false), integers(draw, tokens * dimension), format)
              .view();
      A w = host.laid(draw.layout(ofWeight, false), weight, format).view();
      A b = host.plain(new long[] {classes}, integers(draw, classes), format);
      A y = labels(new long[] {tokens}, labels);
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT
              .withReduction(draw.of(Reduction.class))
              .withLabelSmoothing(draw.rarely(2) ? 0.125 : 0);
      LinearCrossEntropyGradients<A> all =
          host.operator("LinearCrossEntropy").call("valueAndGradients", h, w, b, y, null, options);
      add("LINEAR_CROSS_ENTROPY", "value", all.loss());
      if (hasGradients) {
        for (A gradient : List.of(all.hidden(), all.weight(), all.bias())) {
          // The sign of a 0 depends on the order.
          double[] numbers = host.doubles(gradient);
          Arrays.setAll(numbers, i -> numbers[i] + 0.0);
          add("LINEAR_CROSS_ENTROPY", "gradients", numbers);
        }
      }
    }

    private static double[] integers(Draw draw, int count) {
      double[] numbers = new double[count];
      Arrays.setAll(numbers, i -> draw.between(-3, 4));
      return numbers;
    }

    private A labels(CrossEntropyCase problem) {
      double[] classes = Arrays.stream(problem.labels()).asDoubleStream().toArray();
      return labels(problem.rowShape(), classes);
    }

    private A labels(long[] shape, double[] classes) {
      String dtype =
          host.integers().stream().filter(name -> name.startsWith("INT")).findFirst().orElseThrow();
      return host.laid(Layout.plain(shape), classes, dtype).view();
    }

    private void add(Object operator, String form, A result) {
      add(operator, form, host.doubles(result));
    }

    private void add(Object operator, String form, double[] result) {
      String key = "%s %s %s %s:".formatted(host.host().name(), operator, form, format);
      MessageDigest digest = digests.computeIfAbsent(key, k -> sha());
      for (double number : result) {
        // All NaN are one.
        digest.update(bytes(Double.doubleToLongBits(number)));
      }
    }
  }

  private static byte[] bytes(long bits) {
    return ByteBuffer.allocate(Long.BYTES).putLong(bits).array();
  }

  private static MessageDigest sha() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
