package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyEvaluation;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.LossEvaluation;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.ValueAndGradient;
import org.stableops.djl.GumbelSoftmax;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.integration.Call;
import org.stableops.integration.oracle.Format;

/** Every operator in every form on the same arrays, of one manager, by any number of threads. */
public final class DjlCalls implements AutoCloseable {
  private static final List<PositiveTransform> TRANSFORMS =
      List.of(
          PositiveTransform.softplus(1.7).withLowerBound(0.1),
          PositiveTransform.squareplus(),
          PositiveTransform.exp());

  private final NDManager manager = NDManager.newBaseManager();
  private final List<Call> calls = new ArrayList<>();
  private final Map<String, Supplier<NDArray>> results = new LinkedHashMap<>();
  private final Shape shape;

  /** The same elements in two layouts. */
  private final NDArray x;

  private final NDArray view;

  /** Positive: for the inverses, and as a parameter an element and a row. */
  private final NDArray positive;

  private final NDArray column;
  private final int arrays;

  /**
   * Makes the arrays.
   *
   * @param format any but bfloat16
   * @param rows of each
   * @param classes the length of a row
   */
  public DjlCalls(Format format, int rows, int classes) {
    DataType type = DataType.valueOf(format.name());
    shape = new Shape(rows, classes);
    x = Djl.waves(manager, type, shape, 1);
    view = x.transpose().duplicate().transpose();
    positive = x.abs().add(0.5).toType(type, true);
    column = positive.get(":, 0:1").duplicate();
    addElementwise();
    addParametric();
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      addCrossEntropy(kind);
    }
    addSigmoid();
    addCounts();
    addAlongAxes();
    addGumbelSoftmax();
    addLinear();
    TRANSFORMS.forEach(this::addTransform);
    arrays = manager.getManagedArrays().size();
  }

  /**
   * Returns the calls.
   *
   * @return one for every form of every operator
   */
  public List<Call> all() {
    return List.copyOf(calls);
  }

  /** Those that return one array, by name. */
  Map<String, Supplier<NDArray>> results() {
    return results;
  }

  /**
   * Counts what calls have left behind.
   *
   * @return the number of open arrays beyond those that calls share
   */
  public int leftBehind() {
    return manager.getManagedArrays().size() - arrays;
  }

  NDManager manager() {
    return manager;
  }

  @Override
  public void close() {
    manager.close();
  }

  private void add(String name, Supplier<NDArray> call) {
    results.put(name, call);
    calls.add(new Call(name, () -> numbers(call.get())));
  }

  /** In one graph with the upstream x, of a leaf of this thread with the memory of {@code at}. */
  private void addBackward(String name, NDArray at, UnaryOperator<NDArray> function) {
    calls.add(new Call(name + " backward", () -> backward(at, function)));
  }

  /** Not by a GradientCollector, of which DJL allows one in a JVM. */
  private double[] backward(NDArray at, UnaryOperator<NDArray> function) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(true);
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray leaf = at.stopGradient();
      leaf.setRequiresGradient(true);
      NDArray value = function.apply(leaf);
      NDArray upstream = value.getShape().equals(shape) ? x : value.onesLike();
      JniUtils.backward((PtNDArray) value, (PtNDArray) upstream, false, false);
      return joined(Djl.doubles(value), Djl.doubles(leaf.getGradient()));
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  private static double[] numbers(NDArray... results) {
    try {
      return joined(Stream.of(results).map(Djl::doubles).toArray(double[][]::new));
    } finally {
      Stream.of(results).forEach(NDArray::close);
    }
  }

  private static double[] joined(double[]... parts) {
    return Arrays.stream(parts).flatMapToDouble(DoubleStream::of).toArray();
  }

  private void addElementwise() {
    for (Elementwise op : Elementwise.all()) {
      add(op + " value", () -> op.value(x));
      add(op + " gradient", () -> op.gradient(x));
      add(op + " value of a view", () -> op.value(view));
      add(op + " gradient of positive", () -> op.gradient(positive));
      addBackward(op.toString(), positive, op::value);
    }
  }

  private void addParametric() {
    for (Elementwise op : Elementwise.all()) {
      String name = op + " with array";
      add(name + " value", () -> op.value(x, positive));
      add(name + " value by rows", () -> op.value(view, column));
      add(name + " gradient", () -> op.gradient(positive, column));
      add(name + " parameterGradient", () -> op.parameterGradient(positive, column));
      add(name + " parameterGradient, one an element", () -> op.parameterGradient(x, positive));
      calls.add(
          new Call(
              name + " valueInto",
              () -> {
                try (NDArray out = x.duplicate()) {
                  op.valueInto(x, column, out);
                  return Djl.doubles(out);
                }
              }));
      addBackward(name, positive, leaf -> op.value(leaf, column));
      addBackward(name + ", to it,", column, leaf -> op.value(positive, leaf));
    }
  }

  private CrossEntropyOptions everyOption() {
    double[] classWeights = new double[(int) shape.get(1)];
    Arrays.setAll(classWeights, c -> 0.5 + c % 3);
    return CrossEntropyOptions.DEFAULT
        .withReduction(Reduction.NONE)
        .withLabelSmoothing(0.1)
        .withZLoss(0.01)
        .withClassWeights(classWeights);
  }

  private void addCrossEntropy(CrossEntropyKind kind) {
    NDArray labels = kind.labels(manager, shape, -1);
    NDArray weights = CrossEntropyKind.weights(manager, shape, -1);
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    CrossEntropyOptions every = everyOption();
    String name = kind + " cross-entropy ";
    add(name + "value", () -> kind.value(x, labels, plain));
    add(name + "gradient", () -> kind.gradient(view, labels, plain));
    add(name + "value, every option", () -> kind.value(view, labels, weights, every));
    add(name + "gradient, every option", () -> kind.gradient(x, labels, weights, every));
    add(name + "Hessian product", () -> kind.hessianVectorProduct(view, labels, view, plain));
    add(name + "Hessian diagonal", () -> kind.hessianDiagonal(x, labels, every));
    calls.add(
        new Call(name + "valueAndGradient", () -> numbers(kind.both(x, labels, weights, plain))));
    calls.add(new Call(name + "evaluate", () -> numbers(kind.evaluate(x, labels, weights, every))));
    addBackward(name + "value", x, leaf -> kind.value(leaf, labels, plain));
    addBackward(name + "value, every", x, leaf -> kind.value(leaf, labels, weights, every));
  }

  private void addSigmoid() {
    NDArray targets = x.gt(0);
    NDArray soft = x.sin().abs().toType(DataType.FLOAT32, true);
    NDArray weights = column.broadcast(shape).toType(DataType.FLOAT64, true);
    BinaryCrossEntropyOptions plain = BinaryCrossEntropyOptions.DEFAULT;
    BinaryCrossEntropyOptions every =
        plain
            .withReduction(Reduction.NONE)
            .withLabelSmoothing(0.1)
            .withPositiveWeights(3)
            .withFocalGamma(2)
            .withFocalAlpha(0.25);
    String name = "sigmoid cross-entropy ";
    add(name + "value", () -> SigmoidCrossEntropy.value(x, targets, plain));
    add(name + "gradient", () -> SigmoidCrossEntropy.gradient(view, targets, plain));
    add(name + "value, every", () -> SigmoidCrossEntropy.value(view, soft, weights, every));
    add(name + "gradient, every", () -> SigmoidCrossEntropy.gradient(x, soft, weights, every));
    add(name + "second", () -> SigmoidCrossEntropy.secondDerivative(x, soft, weights, every));
    calls.add(
        new Call(
            name + "valueAndGradient",
            () -> numbers(SigmoidCrossEntropy.valueAndGradient(x, soft, weights, plain))));
    calls.add(
        new Call(
            name + "evaluate",
            () -> {
              try (LossEvaluation<NDArray> all =
                  SigmoidCrossEntropy.evaluate(x, soft, weights, plain)) {
                return joined(Djl.doubles(all.loss()), Djl.doubles(all.elementLosses()));
              }
            }));
    addBackward(name + "value", x, leaf -> SigmoidCrossEntropy.value(leaf, targets, plain));
    addBackward(
        name + "value, every", x, leaf -> SigmoidCrossEntropy.value(leaf, soft, weights, every));
  }

  /** Of a rate with exposures, and of an inverse dispersion a row. */
  private void addCounts() {
    NDArray counts = x.abs().mul(4).floor();
    NDArray weights = column.broadcast(shape).toType(DataType.FLOAT64, true);
    CountOptions plain = CountOptions.DEFAULT;
    CountOptions every =
        plain
            .withReduction(Reduction.NONE)
            .withRate(PositiveTransform.softplus(1.7).withLowerBound(0.1))
            .withFullLikelihood();
    add("Poisson value", () -> PoissonLoss.value(x, counts, plain));
    add(
        "Poisson value, every",
        () -> PoissonLoss.valueWithExposure(view, column, counts, weights, every));
    add(
        "Poisson gradient, every",
        () -> PoissonLoss.gradientWithExposure(x, column, counts, every));
    add("Poisson second", () -> PoissonLoss.secondDerivative(view, counts, weights, every));
    calls.add(new Call("Poisson evaluate", () -> numbers(PoissonLoss.evaluate(x, counts, plain))));
    addBackward("Poisson value", x, leaf -> PoissonLoss.value(leaf, counts, plain));
    String name = "negative binomial ";
    add(name + "value", () -> NegativeBinomialLoss.value(x, column, counts, plain));
    add(
        name + "value, every",
        () -> NegativeBinomialLoss.value(view, column, counts, weights, every));
    add(name + "gradient", () -> NegativeBinomialLoss.gradient(view, positive, counts, plain));
    add(
        name + "parameter gradient",
        () -> NegativeBinomialLoss.parameterGradient(view, column, counts, weights, every));
    add(
        name + "parameter second",
        () -> NegativeBinomialLoss.parameterSecondDerivative(view, column, counts, weights, every));
    add(name + "mixed", () -> NegativeBinomialLoss.mixedDerivative(x, column, counts, plain));
    add(
        name + "second",
        () -> NegativeBinomialLoss.secondDerivative(x, column, counts, weights, every));
    calls.add(
        new Call(
            name + "valueAndGradient",
            () -> numbers(NegativeBinomialLoss.valueAndGradient(x, column, counts, plain))));
    calls.add(
        new Call(
            name + "evaluate",
            () -> numbers(NegativeBinomialLoss.evaluate(x, column, counts, weights, every))));
    addBackward(name + "value", x, leaf -> NegativeBinomialLoss.value(leaf, column, counts, plain));
    addBackward(
        name + "value by θ",
        column,
        leaf -> NegativeBinomialLoss.value(x, leaf, counts, weights, plain));
    addBackward(
        name + "value by θ, every",
        column,
        leaf -> NegativeBinomialLoss.value(x, leaf, counts, weights, every));
  }

  private static double[] numbers(CountEvaluation<NDArray> all) {
    try (all) {
      return joined(
          Djl.doubles(all.loss()), Djl.doubles(all.elementLosses()), Djl.doubles(all.deviances()));
    }
  }

  private static double[] numbers(ValueAndGradient<NDArray> both) {
    return numbers(both.value(), both.gradient());
  }

  private static double[] numbers(CrossEntropyEvaluation<NDArray> all) {
    try (all) {
      return joined(
          Djl.doubles(all.loss()),
          Djl.doubles(all.rowLosses()),
          Djl.doubles(all.logSumExp()),
          Djl.doubles(all.zLoss()),
          new double[] {all.weight()});
    }
  }

  private void addAlongAxes() {
    for (int axis = 0; axis < 2; axis++) {
      int along = axis;
      String of = " along " + axis;
      add("LogSumExp value" + of, () -> LogSumExp.value(x, along));
      add("LogSumExp gradient" + of, () -> LogSumExp.gradient(view, along));
      add("LogSoftmax value" + of, () -> LogSoftmax.value(view, along));
      add("LogSoftmax gradient" + of, () -> LogSoftmax.gradient(x, along, positive));
      addBackward("LogSumExp" + of, x, leaf -> LogSumExp.value(leaf, along));
      addBackward("LogSoftmax" + of, x, leaf -> LogSoftmax.value(leaf, along));
    }
  }

  private void addGumbelSoftmax() {
    NDArray noise = positive.log();
    NDArray tau = manager.create(new float[] {0.7f}).duplicate();
    String name = "GumbelSoftmax ";
    add(name + "value", () -> GumbelSoftmax.value(view, noise, 0.7));
    add(name + "value with array", () -> GumbelSoftmax.value(x, noise, tau));
    add(name + "hard", () -> GumbelSoftmax.hard(x, noise, 0.7));
    add(name + "gradient", () -> GumbelSoftmax.gradient(view, noise, tau, positive));
    add(
        name + "temperatureGradient",
        () -> GumbelSoftmax.temperatureGradient(x, noise, tau, positive));
    add(name + "gumbels", () -> GumbelSoftmax.gumbels(view, 9));
    addBackward(name + "value", x, leaf -> GumbelSoftmax.value(leaf, noise, 0.7));
    addBackward(name + "hard", x, leaf -> GumbelSoftmax.hard(leaf, noise, tau));
    addBackward(name + "to noise", x, leaf -> GumbelSoftmax.value(view, leaf, tau));
    addBackward(name + "to temperature", tau, leaf -> GumbelSoftmax.value(x, noise, leaf));
  }

  /** With as many classes as rows, of which one is ignored. */
  private void addLinear() {
    NDArray labels = manager.arange((int) shape.get(0)).toType(DataType.INT64, true);
    NDArray bias = column.flatten().duplicate();
    NDArray weights = column.toType(DataType.FLOAT64, true);
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    CrossEntropyOptions every =
        plain
            .withLabelSmoothing(0.1)
            .withZLoss(0.01)
            .withIgnoreIndex(1)
            .withReduction(Reduction.SUM);
    CrossEntropyOptions none = every.withReduction(Reduction.NONE);
    String name = "linear cross-entropy ";
    add(name + "value", () -> LinearCrossEntropy.value(view, positive, labels));
    add(
        name + "value, every",
        () -> LinearCrossEntropy.value(x, positive, bias, labels, weights, none));
    calls.add(
        new Call(
            name + "valueAndGradients",
            () -> numbers(LinearCrossEntropy.valueAndGradients(x, view, labels))));
    calls.add(
        new Call(
            name + "valueAndGradients, every",
            () ->
                numbers(
                    LinearCrossEntropy.valueAndGradients(
                        view, positive, bias, labels, weights, every))));
    LinearCrossEntropyDirection<NDArray> v = new LinearCrossEntropyDirection<>(positive, x, bias);
    calls.add(
        new Call(
            name + "gaussNewtonProduct",
            () ->
                numbers(
                    LinearCrossEntropy.gaussNewtonProduct(
                        x, view, labels, new LinearCrossEntropyDirection<>(null, x, null)))));
    calls.add(
        new Call(
            name + "gaussNewtonProduct, every",
            () ->
                numbers(
                    LinearCrossEntropy.gaussNewtonProduct(
                        view, positive, bias, labels, weights, v, every))));
    addBackward(name + "value", x, leaf -> LinearCrossEntropy.value(leaf, leaf, labels));
    for (CrossEntropyOptions options : List.of(every, none)) {
      String to = name + options.reduction() + " to ";
      addBackward(
          to + "hidden",
          x,
          leaf -> LinearCrossEntropy.value(leaf, view, bias, labels, weights, options));
      addBackward(
          to + "weight",
          x,
          leaf -> LinearCrossEntropy.value(positive, leaf, bias, labels, weights, options));
      addBackward(
          to + "bias",
          bias,
          leaf -> LinearCrossEntropy.value(x, view, leaf, labels, weights, options));
    }
  }

  private static double[] numbers(LinearCrossEntropyGradients<NDArray> all) {
    return numbersOfGiven(all.loss(), all.hidden(), all.weight(), all.bias());
  }

  private static double[] numbers(LinearCrossEntropyDirection<NDArray> product) {
    return numbersOfGiven(product.hidden(), product.weight(), product.bias());
  }

  private static double[] numbersOfGiven(NDArray... results) {
    return numbers(Stream.of(results).filter(Objects::nonNull).toArray(NDArray[]::new));
  }

  private void addTransform(PositiveTransform transform) {
    NDArray values = positive.add(0.5).toType(positive.getDataType(), true);
    add(transform + " value", () -> PositiveTransforms.value(view, transform));
    add(transform + " gradient", () -> PositiveTransforms.gradient(x, transform));
    add(transform + " inverse", () -> PositiveTransforms.inverse(values, transform));
    add(transform + " logDerivative", () -> PositiveTransforms.logDerivative(x, transform));
    addBackward(transform.toString(), x, leaf -> PositiveTransforms.value(leaf, transform));
  }
}
