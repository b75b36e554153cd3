package org.stableops.integration.fuzz;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.integration.host.ElementLossHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.ElementwiseFunction;
import org.stableops.integration.oracle.Format;
import org.stableops.op.ElementLoss;
import org.stableops.op.ElementLosses;

/**
 * One mistake among arguments that are right otherwise: an IllegalArgumentException that names the
 * argument, and no array has changed.
 */
@Tag("thorough")
class InvalidArgumentsFuzzTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  private static final List<String> ELEMENT_METHODS =
      List.of("value", "gradient", "valueAndGradient", "secondDerivative", "evaluate");

  @Test
  void areRefusedByName() {
    Fuzz.run(InvalidArgumentsFuzzTest.class, 1000, 0.1, draw -> everywhere(draw, draw.seed()));
  }

  /** The same problem on every host and path. */
  private static void everywhere(Draw draw, long seed) {
    for (Supplier<ArrayHost<?>> opens : ArrayHost.ALL) {
      for (Path path : Path.values()) {
        try (ArrayHost<?> host = opens.get()) {
          draw.note("host", host.host().name() + " " + path);
          path.run(() -> check(host, draw.again(seed)));
        }
      }
    }
  }

  private static <A extends AutoCloseable> Void check(ArrayHost<A> host, Draw draw) {
    Problem<A> problem = new Problem<>(host, draw);
    Mistake mistake =
        switch (draw.below(5)) {
          case 0 -> problem.elementwise();
          case 1 -> problem.parametric();
          case 2 -> problem.alongAnAxis();
          case 3 -> problem.elementLoss();
          default -> problem.crossEntropy();
        };
    draw.note("mistake", mistake.name);
    String message = assertThrows(IllegalArgumentException.class, mistake.call::get).getMessage();
    assertTrue(message.startsWith(mistake.name), () -> "says " + message);
    problem.made.forEach(array -> host.requireUnchanged(array, "an argument"));
    return null;
  }

  /** A call, and what its message must begin with. */
  private record Mistake(String name, Supplier<?> call) {
    static Mistake of(String name, Runnable call) {
      return new Mistake(
          name,
          () -> {
            call.run();
            return null;
          });
    }
  }

  private static final class Problem<A extends AutoCloseable> {
    private final ArrayHost<A> host;
    private final Draw draw;
    private final Format format;
    private final long[] shape;
    private final List<ArrayHost.Laid<A>> made = new ArrayList<>();

    Problem(ArrayHost<A> host, Draw draw) {
      this.host = host;
      this.draw = draw;
      format = draw.of(List.of(Format.FLOAT16, Format.FLOAT32, Format.FLOAT64));
      shape = shape(draw);
      draw.note("shape", shape);
      draw.note("dtype", format);
    }

    /** Of rank 1 at least, with an element. */
    private static long[] shape(Draw draw) {
      long[] shape;
      do {
        shape = draw.shape();
      } while (shape.length == 0 || Draw.size(shape) == 0);
      return shape;
    }

    // ---- arrays

    private A array(long[] sizes, double[] elements, String dtype) {
      Layout layout = draw.layout(sizes, false);
      ArrayHost.Laid<A> laid = host.laid(layout, layout.base(elements, 1), dtype);
      made.add(laid);
      return laid.view();
    }

    private A of(long[] sizes, double element) {
      return array(sizes, filled(sizes, element), host.dtype(format));
    }

    private A integers(long[] sizes, double... elements) {
      return array(
          sizes,
          elements,
          draw.of(host.integers().stream().filter(t -> !t.startsWith("U")).toList()));
    }

    private A x() {
      return of(shape, 0.5);
    }

    private static double[] filled(long[] sizes, double element) {
      double[] elements = new double[Draw.size(sizes)];
      Arrays.fill(elements, element);
      return elements;
    }

    /** All elements are valid but one. */
    private A spoilt(long[] sizes, double valid, double invalid) {
      double[] elements = filled(sizes, valid);
      elements[draw.below(elements.length)] = invalid;
      return array(sizes, elements, host.dtype(format));
    }

    private A ofAnotherDtype(long[] sizes) {
      Format other = format == Format.FLOAT32 ? Format.FLOAT64 : Format.FLOAT32;
      return array(sizes, filled(sizes, 1), host.dtype(other));
    }

    /** One more element along an axis, or another axis. */
    private long[] otherShape(long[] sizes) {
      if (sizes.length == 0 || draw.rarely(3)) {
        long[] longer = new long[sizes.length + 1];
        System.arraycopy(sizes, 0, longer, 1, sizes.length);
        longer[0] = 2;
        return longer;
      }
      long[] other = sizes.clone();
      other[draw.below(other.length)]++;
      return other;
    }

    private A notFloating() {
      boolean isTruth = draw.rarely(3);
      return array(shape, filled(shape, 1), isTruth ? host.booleans() : draw.of(host.integers()));
    }

    // ---- mistakes

    Mistake elementwise() {
      ElementwiseFunction function = draw.of(ElementwiseFunction.class);
      ArrayHost.Elementwise<A> operator = host.elementwise(function);
      ArrayHost.Scalar<A> form = draw.rarely(2) ? operator.value() : operator.gradient();
      String name = function.isOfBeta() ? "beta" : "b";
      double invalid =
          draw.of(List.of(-1.0, -Double.MIN_VALUE, Double.NaN, INF, -INF, -draw.anySize(format)));
      A x = x();
      return switch (draw.below(6)) {
        case 0 -> {
          A integers = notFloating();
          yield new Mistake("x dtype must be", () -> form.apply(integers, 1));
        }
        case 1 -> new Mistake("x must be an array, got null", () -> form.apply(null, 1));
        case 2 -> new Mistake(name + " must be finite and >", () -> form.apply(x, invalid));
        case 3 -> {
          A out = x();
          yield Mistake.of(
              name + " must be finite and >", () -> operator.valueInto().apply(x, invalid, out));
        }
        case 4 -> {
          A out = ofAnotherDtype(shape);
          yield Mistake.of("out must be like x", () -> operator.valueInto().apply(x, 1, out));
        }
        default -> {
          A out = of(otherShape(shape), 7);
          yield Mistake.of("out must be like x", () -> operator.valueInto().apply(x, 1, out));
        }
      };
    }

    Mistake parametric() {
      ElementwiseFunction function = draw.of(ElementwiseFunction.class);
      ArrayHost.Elementwise<A> operator = host.elementwise(function);
      String name = function.isOfBeta() ? "beta" : "b";
      long[] sizes = draw.broadcasting(shape);
      A x = x();
      A out = x();
      double invalid = draw.of(List.of(-1.0, -format.min(), Double.NaN, INF, -INF));
      A parameter;
      String start;
      switch (draw.below(4)) {
        case 0 -> {
          parameter = spoilt(sizes, 1, invalid);
          start = name + " must be finite and >";
        }
        case 1 -> {
          parameter = of(enlarging(), 1);
          start = name + " shape ";
        }
        case 2 -> {
          parameter = ofAnotherDtype(sizes);
          start = name + " dtype must be x's";
        }
        default -> {
          parameter = null;
          start = name + " must be an array, got null";
        }
      }
      return switch (draw.below(4)) {
        case 0 -> new Mistake(start, () -> operator.arrayValue().apply(x, parameter));
        case 1 -> new Mistake(start, () -> operator.arrayGradient().apply(x, parameter));
        case 2 -> new Mistake(start, () -> operator.parameterGradient().apply(x, parameter));
        default -> Mistake.of(start, () -> operator.arrayValueInto().apply(x, parameter, out));
      };
    }

    /** A shape that x would have to be enlarged to. */
    private long[] enlarging() {
      return otherShape(shape);
    }

    Mistake alongAnAxis() {
      ArrayHost.Rows<A> rows = host.rows();
      ArrayHost.AlongAxis<A> form =
          draw.of(List.of(rows.logSumExp(), rows.softmax(), rows.logSoftmax()));
      A x = x();
      int rank = shape.length;
      int axis = draw.between(-rank, rank);
      int outside = draw.rarely(2) ? rank + draw.below(3) : -rank - 1 - draw.below(3);
      return switch (draw.below(7)) {
        case 0 -> new Mistake("axis must be in [", () -> form.apply(x, outside));
        case 1 ->
            new Mistake("axis must be in [", () -> rows.logSoftmaxGradient().apply(x, outside, x));
        case 2 -> {
          A upstream = ofAnotherDtype(shape);
          yield new Mistake(
              "upstream must be like x", () -> rows.logSoftmaxGradient().apply(x, axis, upstream));
        }
        case 3 -> {
          A upstream = of(otherShape(shape), 1);
          yield new Mistake(
              "upstream must be like x", () -> rows.logSoftmaxGradient().apply(x, axis, upstream));
        }
        case 4 -> {
          A scalar = of(new long[0], 1);
          yield new Mistake("x must have rank 1 at least", () -> form.apply(scalar, 0));
        }
        case 5 -> {
          A integers = notFloating();
          yield new Mistake("x dtype must be", () -> form.apply(integers, axis));
        }
        default -> transform();
      };
    }

    private Mistake transform() {
      ArrayHost.Transforms<A> transforms = host.transforms();
      PositiveTransform transform =
          draw.of(
              List.of(
                  PositiveTransform.softplus(draw.uniform(0.1, 4)),
                  PositiveTransform.squareplus(draw.uniform(0.1, 4)),
                  PositiveTransform.exp().withLowerBound(0.25)));
      double invalid = draw.of(List.of(0.0, -1.0, Double.NaN, INF, -INF));
      A spoilt = spoilt(shape, 2, invalid);
      A x = x();
      A out = of(otherShape(shape), 1);
      return switch (draw.below(3)) {
        case 0 -> new Mistake("value[", () -> transforms.inverse().apply(spoilt, transform));
        case 1 ->
            Mistake.of("out must be like", () -> transforms.valueInto().apply(x, transform, out));
        default -> new Mistake("transform must be", () -> transforms.value().apply(x, null));
      };
    }

    Mistake elementLoss() {
      ElementLoss loss =
          draw.of(
              List.of(
                  ElementLosses.sigmoidCrossEntropy().of(BinaryCrossEntropyOptions.DEFAULT),
                  ElementLosses.poissonLoss().of(CountOptions.DEFAULT),
                  ElementLosses.negativeBinomialLoss().of(CountOptions.DEFAULT)));
      boolean isBinary = loss.names().companion() == null;
      Object options = isBinary ? BinaryCrossEntropyOptions.DEFAULT : CountOptions.DEFAULT;
      boolean hasCompanion = loss.hasCompanionGradient() || (!isBinary && draw.rarely(2));
      String method = draw.of(ELEMENT_METHODS);
      ElementCall call = new ElementCall(loss.name(), method, options, hasCompanion);
      A x = x();
      long[] sizes = draw.broadcasting(shape);
      A c = hasCompanion ? of(sizes, 1) : null;
      A y = draw.rarely(2) ? of(shape, 1) : integers(shape, filled(shape, 1));
      double invalid = draw.of(List.of(-1.0, -format.min(), Double.NaN, INF, -INF));
      return switch (draw.below(hasCompanion ? 11 : 7)) {
        case 0 -> {
          A integers = notFloating();
          yield call.mistake(loss.argument() + " dtype must be", integers, c, y, null);
        }
        case 1 -> {
          A spoilt = spoilt(shape, 1, isBinary && draw.rarely(2) ? 1.5 : invalid);
          yield call.mistake(loss.targets() + "[", x, c, spoilt, null);
        }
        case 2 -> {
          A other = of(otherShape(shape), 1);
          yield call.mistake(loss.targets() + " shape ", x, c, other, null);
        }
        case 3 -> {
          A weights = spoilt(shape, 1, invalid);
          yield call.mistake("sampleWeights[", x, c, y, weights);
        }
        case 4 -> {
          A weights = of(otherShape(shape), 1);
          yield call.mistake("sampleWeights shape ", x, c, y, weights);
        }
        case 5 -> {
          // Its own weight counts; that of another, which would be refused, is 0.
          double[] elements = filled(shape, 1);
          double[] weights = filled(shape, 0);
          int wrong = draw.below(elements.length);
          elements[wrong] = -1;
          weights[wrong] = 1;
          A spoilt = array(shape, elements, host.dtype(format));
          A mask = array(shape, weights, host.booleans());
          yield call.mistake("%s[%d] must be".formatted(loss.targets(), wrong), x, c, spoilt, mask);
        }
        case 6 -> {
          int last = (int) shape[shape.length - 1];
          BinaryCrossEntropyOptions weighted =
              BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(
                  filled(new long[] {last + 2}, 1));
          A targets = of(shape, 1);
          yield new ElementCall("SigmoidCrossEntropy", method, weighted, false)
              .mistake("positiveWeights must have 1 element", x, null, targets, null);
        }
        case 7 -> {
          A other = ofAnotherDtype(sizes);
          yield call.mistake(loss.names().companion() + " dtype must be", x, other, y, null);
        }
        case 8 -> {
          A other = of(enlarging(), 1);
          yield call.mistake(loss.names().companion() + " shape ", x, other, y, null);
        }
        case 9 -> {
          A integers = notFloating();
          yield call.mistake(loss.names().companion() + " dtype must be", x, integers, y, null);
        }
        default -> {
          // Any θ is one; an exposure is not.
          ElementCall ofExposure =
              new ElementCall("PoissonLoss", method, CountOptions.DEFAULT, true);
          A spoilt = spoilt(sizes, 1, draw.rarely(3) ? 0 : invalid);
          yield ofExposure.mistake("exposure[", x, spoilt, y, null);
        }
      };
    }

    /** A method of a loss of elements, on arrays of which some may be null. */
    private final class ElementCall {
      private final ElementLossHost.Problem problem;
      private final String method;

      ElementCall(String operator, String method, Object options, boolean hasCompanion) {
        ElementLossHost.Problem without =
            new ElementLossHost.Problem(operator, null, null, null, shape, options);
        problem = hasCompanion ? without.withCompanion(new double[0]) : without;
        this.method = method;
      }

      Mistake mistake(String start, A x, A companion, A targets, A weights) {
        return new Mistake(
            start,
            () ->
                problem.call(
                    host.operator(problem.operator()), method, x, companion, targets, weights));
      }
    }

    Mistake crossEntropy() {
      boolean isSparse = draw.rarely(2);
      ArrayHost.CrossEntropy<A> loss = isSparse ? host.sparse() : host.dense();
      ArrayHost.Loss<A, ?> form =
          draw.of(List.of(loss.value(), loss.gradient(), loss.valueAndGradient(), loss.evaluate()));
      int axis = draw.below(shape.length);
      CrossEntropyOptions options =
          CrossEntropyOptions.DEFAULT
              .withAxis(draw.rarely(2) ? axis : axis - shape.length)
              .withReduction(draw.of(Reduction.class));
      long[] rowShape = withoutAxis(axis);
      long[] labelShape = isSparse ? rowShape : shape;
      A z = x();
      A y = isSparse ? integers(rowShape, filled(rowShape, 0)) : of(shape, 0.5);
      int classes = (int) shape[axis];
      double invalid = draw.of(List.of(-1.0, -Double.MIN_VALUE, Double.NaN, INF));
      return switch (draw.below(9)) {
        case 0 -> {
          A integers = notFloating();
          yield new Mistake("logits dtype must be", () -> form.apply(integers, y, null, options));
        }
        case 1 -> {
          A labels = isSparse ? of(rowShape, 0.5) : of(shape, -0.5);
          String message = isSparse ? "labels must be integers" : "labels must be finite and >= 0";
          yield new Mistake(message, () -> form.apply(z, labels, null, options));
        }
        case 2 -> {
          // With 1 at the class axis labels are right.
          long[] sizes = otherShape(labelShape);
          sizes[0] += sizes.length == shape.length && isSparse ? 3 : 0;
          A labels = isSparse ? integers(sizes, filled(sizes, 0)) : of(sizes, 1);
          yield new Mistake("labels shape ", () -> form.apply(z, labels, null, options));
        }
        case 3 -> invalidLabel(form, z, isSparse, rowShape, classes, invalid, options);
        case 4 -> {
          double[] weights = filled(new long[] {classes + 1 + draw.below(2)}, 1);
          yield new Mistake(
              "classWeights must have",
              () -> form.apply(z, y, null, options.withClassWeights(weights)));
        }
        case 5 -> {
          double[] elements = filled(rowShape, 1);
          elements[draw.below(elements.length)] = invalid;
          A weights = array(rowShape, elements, host.dtype(Format.FLOAT64));
          yield new Mistake(
              "sampleWeights must be finite and >= 0", () -> form.apply(z, y, weights, options));
        }
        case 6 -> {
          long[] sizes = otherShape(rowShape);
          sizes[0] += sizes.length == shape.length ? 3 : 0;
          A weights = of(sizes, 1);
          yield new Mistake("sampleWeights shape ", () -> form.apply(z, y, weights, options));
        }
        case 7 ->
            new Mistake(
                "axis must be in [",
                () -> form.apply(z, y, null, options.withAxis(shape.length + draw.below(2))));
        default -> new Mistake("options must be given", () -> form.apply(z, y, null, null));
      };
    }

    private Mistake invalidLabel(
        ArrayHost.Loss<A, ?> form,
        A z,
        boolean isSparse,
        long[] rowShape,
        int classes,
        double invalid,
        CrossEntropyOptions options) {
      if (!isSparse) {
        if (draw.rarely(3)) {
          A probabilities = of(shape, 1);
          return new Mistake(
              "ignoreIndex applies to integer labels",
              () -> form.apply(z, probabilities, null, options.withIgnoreIndex(1)));
        }
        double[] elements = filled(shape, 0.5);
        elements[draw.below(elements.length)] = invalid;
        A probabilities = array(shape, elements, host.dtype(Format.FLOAT64));
        return new Mistake(
            "labels must be finite and >= 0", () -> form.apply(z, probabilities, null, options));
      }
      double[] elements = filled(rowShape, 0);
      elements[draw.below(elements.length)] =
          draw.rarely(2) ? -1 - draw.below(100) : Math.min(127, classes + draw.below(20));
      if (classes > 127) {
        elements[0] = -3;
      }
      A labels = integers(rowShape, elements);
      CrossEntropyOptions ignoring = draw.rarely(2) ? options : options.withIgnoreIndex(-128);
      return new Mistake("labels must be in [0, ", () -> form.apply(z, labels, null, ignoring));
    }

    private long[] withoutAxis(int axis) {
      long[] rest = new long[shape.length - 1];
      for (int d = 0; d < rest.length; d++) {
        rest[d] = shape[d < axis ? d : d + 1];
      }
      return rest;
    }
  }
}
