package org.stableops.integration.nd4j;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;
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
import org.stableops.integration.Call;
import org.stableops.integration.host.OperatorClass;
import org.stableops.integration.oracle.Format;
import org.stableops.nd4j.GumbelSoftmax;
import org.stableops.nd4j.LinearCrossEntropy;
import org.stableops.nd4j.LogSoftmax;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PoissonLoss;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.SoftmaxCrossEntropy;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.activations.ActivationSoftplusInverse;
import org.stableops.nd4j.activations.ActivationSquareplus;
import org.stableops.nd4j.activations.ActivationStableSoftplus;
import org.stableops.nd4j.lossfunctions.LossFusedNegativeBinomial;
import org.stableops.nd4j.lossfunctions.LossFusedPoisson;
import org.stableops.nd4j.lossfunctions.LossFusedSigmoidCrossEntropy;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/** Every operator in every form on the same arrays and graphs, by any number of threads. */
public final class Nd4jCalls {
  private static final double PARAMETER = 1.7;
  private static final List<PositiveTransform> TRANSFORMS =
      List.of(
          PositiveTransform.softplus(1.7).withLowerBound(0.1),
          PositiveTransform.squareplus(),
          PositiveTransform.exp());

  /** The forms of an operator whose parameter is a number or an array. */
  private record Op(
      String name,
      OfNumber value,
      OfNumber gradient,
      OfArray valueOfArray,
      OfArray gradientOfArray,
      OfArray parameterGradient,
      Into valueInto,
      InGraph inGraph,
      DoubleFunction<IActivation> activation) {}

  @FunctionalInterface
  private interface OfNumber {
    INDArray apply(INDArray x, double parameter);
  }

  @FunctionalInterface
  private interface OfArray {
    INDArray apply(INDArray x, INDArray parameter);
  }

  @FunctionalInterface
  private interface Into {
    void apply(INDArray x, INDArray parameter, INDArray out);
  }

  @FunctionalInterface
  private interface InGraph {
    SDVariable apply(SDVariable x, SDVariable parameter);
  }

  private static final Map<String, DoubleFunction<IActivation>> ACTIVATIONS =
      Map.of(
          "Softplus", ActivationStableSoftplus::new,
          "SoftplusInverse", ActivationSoftplusInverse::new,
          "Squareplus", ActivationSquareplus::new);

  private static final List<Op> OPS = Operators.ALL.stream().map(Nd4jCalls::op).toList();

  private static Op op(Elementwise operator) {
    OperatorClass of = OperatorClass.inNd4j(operator);
    return new Op(
        operator.name(),
        (x, p) -> of.call("value", x, p),
        (x, p) -> of.call("gradient", x, p),
        (x, p) -> of.call("value", x, p),
        (x, p) -> of.call("gradient", x, p),
        (x, p) -> of.call("parameterGradient", x, p),
        (x, p, out) -> of.call("valueInto", x, p, out),
        (x, p) -> of.call("value", x, p),
        ACTIVATIONS.get(operator.name()));
  }

  private final List<Call> calls = new ArrayList<>();
  private final Map<String, Supplier<INDArray>> results = new LinkedHashMap<>();

  /** The same elements in two layouts. */
  private final INDArray x;

  private final INDArray view;

  /** Positive: for the inverses, and as a parameter an element and a row. */
  private final INDArray positive;

  private final INDArray column;

  /** Labels of both kinds. */
  private final INDArray labels;

  private final INDArray probabilities;
  private final INDArray weights;

  /**
   * Makes the arrays.
   *
   * @param format the dtype
   * @param rows of each
   * @param classes the length of a row
   */
  public Nd4jCalls(Format format, int rows, int classes) {
    DataType type = type(format);
    x = array(type, rows, classes, i -> 3 * Math.sin(1.7 * i + 1));
    view = x.transpose().dup('c').transpose();
    positive = array(type, rows, classes, i -> 0.5 + Math.abs(3 * Math.sin(1.7 * i + 1)));
    column = array(type, rows, 1, i -> 0.5 + i % 5);
    labels = array(DataType.DOUBLE, rows, 1, i -> i * 7 % classes).castTo(DataType.INT32);
    probabilities = array(type, rows, classes, i -> i * 5 % 7 / 4);
    weights = array(DataType.FLOAT, rows, 1, i -> i * 3 % 4 / 2);
    OPS.forEach(this::addElementwise);
    addCrossEntropies();
    addSigmoid();
    addCounts();
    addAlongAxes();
    addGumbelSoftmax();
    addLinear();
    TRANSFORMS.forEach(this::addTransform);
  }

  private static DataType type(Format format) {
    return switch (format) {
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
      case FLOAT32 -> DataType.FLOAT;
      case FLOAT64 -> DataType.DOUBLE;
    };
  }

  private static INDArray array(DataType type, int rows, int columns, DoubleUnaryOperator element) {
    double[] elements = new double[rows * columns];
    Arrays.setAll(elements, i -> element.applyAsDouble(i));
    return Nd4j.createFromArray(elements).castTo(type).reshape(rows, columns);
  }

  /**
   * Returns the calls.
   *
   * @return one for every form of every operator
   */
  public List<Call> all() {
    return List.copyOf(calls);
  }

  /** Those that return one new array, by name. */
  Map<String, Supplier<INDArray>> results() {
    return results;
  }

  /** The array that they share. */
  INDArray x() {
    return x;
  }

  private void add(String name, Supplier<INDArray> call) {
    results.put(name, call);
    calls.add(new Call(name, () -> numbers(call.get())));
  }

  private static double[] numbers(INDArray... results) {
    try {
      return joined(Stream.of(results).map(Nd4jCalls::doubles).toArray(double[][]::new));
    } finally {
      close(results);
    }
  }

  /** Makes no array on the way: the buffer as it lies, or what a layout has, one by one. */
  private static double[] doubles(INDArray array) {
    boolean isWhole = array.ordering() == 'c' && array.length() == array.data().length();
    return isWhole && Shape.hasDefaultStridesForShape(array)
        ? array.data().asDouble()
        : Elements.of(array);
  }

  private static void close(INDArray... arrays) {
    for (INDArray array : arrays) {
      if (array.closeable()) {
        array.close();
      }
    }
  }

  private static double[] joined(double[]... parts) {
    return Arrays.stream(parts).flatMapToDouble(DoubleStream::of).toArray();
  }

  private void addElementwise(Op op) {
    String name = op.name;
    add(name + " value", () -> op.value.apply(x, PARAMETER));
    add(name + " gradient", () -> op.gradient.apply(x, PARAMETER));
    add(name + " value of a view", () -> op.value.apply(view, PARAMETER));
    add(name + " gradient of positive", () -> op.gradient.apply(positive, PARAMETER));
    add(name + " with array value", () -> op.valueOfArray.apply(x, positive));
    add(name + " with array value by rows", () -> op.valueOfArray.apply(view, column));
    add(name + " with array gradient", () -> op.gradientOfArray.apply(positive, column));
    add(name + " parameterGradient", () -> op.parameterGradient.apply(positive, column));
    add(name + " parameterGradient, one an element", () -> op.parameterGradient.apply(x, positive));
    calls.add(
        new Call(
            name + " with array valueInto",
            () -> {
              try (INDArray out = x.dup()) {
                op.valueInto.apply(x, column, out);
                return doubles(out);
              }
            }));
    addGraph(name, op.inGraph);
    if (op.activation != null) {
      addActivation(name, op.activation.apply(PARAMETER));
    }
  }

  /** One graph for all threads, with placeholders: what a model in production is. */
  private void addGraph(String name, InGraph function) {
    SameDiff graph = SameDiff.create();
    SDVariable argument = graph.placeHolder("x", x.dataType(), x.shape());
    SDVariable parameter = graph.var("p", column.dup());
    addGraph(name, graph, function.apply(argument, parameter), Map.of("x", positive), "x", "p");
  }

  private void addUnaryGraph(String name, UnaryOperator<SDVariable> function) {
    SameDiff graph = SameDiff.create();
    SDVariable argument = graph.placeHolder("x", x.dataType(), x.shape());
    addGraph(name, graph, function.apply(argument), Map.of("x", x), "x");
  }

  private void addGraph(
      String name, SameDiff graph, SDVariable value, Map<String, INDArray> inputs, String... of) {
    value.rename("value");
    graph.setLossVariables("value");
    graph.createGradFunction("x");
    calls.add(
        new Call(name + " in a graph", () -> numbers(graph.output(inputs, "value").get("value"))));
    calls.add(
        new Call(
            name + " in a graph, backward",
            () -> {
              Map<String, INDArray> gradients = graph.calculateGradients(inputs, of);
              return numbers(Stream.of(of).map(gradients::get).toArray(INDArray[]::new));
            }));
  }

  /** Of DL4J, where the first overwrites its argument. */
  private void addActivation(String name, IActivation activation) {
    calls.add(
        new Call(
            name + " activation",
            () -> {
              try (INDArray in = positive.dup()) {
                return doubles(activation.getActivation(in, true));
              }
            }));
    calls.add(
        new Call(
            name + " activation backprop",
            () -> numbers(activation.backprop(positive, x).getFirst())));
  }

  private CrossEntropyOptions everyOption() {
    double[] classWeights = new double[(int) x.size(1)];
    Arrays.setAll(classWeights, c -> 0.5 + c % 3);
    return CrossEntropyOptions.DEFAULT
        .withReduction(Reduction.NONE)
        .withLabelSmoothing(0.1)
        .withZLoss(0.01)
        .withClassWeights(classWeights);
  }

  private void addCrossEntropies() {
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    CrossEntropyOptions every = everyOption();
    INDArray y = labels;
    INDArray q = probabilities;
    add("Sparse value", () -> SparseSoftmaxCrossEntropy.value(x, y));
    add("Sparse gradient", () -> SparseSoftmaxCrossEntropy.gradient(view, y, plain));
    add("Sparse value, every", () -> SparseSoftmaxCrossEntropy.value(view, y, weights, every));
    add("Sparse gradient, every", () -> SparseSoftmaxCrossEntropy.gradient(x, y, weights, every));
    add(
        "Sparse Hessian product",
        () -> SparseSoftmaxCrossEntropy.hessianVectorProduct(view, y, weights, view, every));
    add("Sparse Hessian diagonal", () -> SparseSoftmaxCrossEntropy.hessianDiagonal(x, y, plain));
    addBoth("Sparse", () -> SparseSoftmaxCrossEntropy.valueAndGradient(x, y, weights, plain));
    addAll("Sparse", () -> SparseSoftmaxCrossEntropy.evaluate(x, y, weights, every));
    add("Dense value", () -> SoftmaxCrossEntropy.value(x, q));
    add("Dense gradient", () -> SoftmaxCrossEntropy.gradient(view, q, plain));
    add("Dense value, every", () -> SoftmaxCrossEntropy.value(view, q, weights, every));
    add("Dense gradient, every", () -> SoftmaxCrossEntropy.gradient(x, q, weights, every));
    add(
        "Dense Hessian product",
        () -> SoftmaxCrossEntropy.hessianVectorProduct(x, q, weights, view, every));
    add("Dense Hessian diagonal", () -> SoftmaxCrossEntropy.hessianDiagonal(view, q, plain));
    addBoth("Dense", () -> SoftmaxCrossEntropy.valueAndGradient(x, q, weights, plain));
    addAll("Dense", () -> SoftmaxCrossEntropy.evaluate(x, q, weights, every));
    addLossGraph("Sparse", y, plain);
    addLossGraph("Dense", q, every);
    addLoss("Sparse", y);
    addLoss("Dense", q);
  }

  private void addSigmoid() {
    INDArray targets = x.gt(0);
    BinaryCrossEntropyOptions plain = BinaryCrossEntropyOptions.DEFAULT;
    BinaryCrossEntropyOptions every =
        plain
            .withReduction(Reduction.NONE)
            .withLabelSmoothing(0.1)
            .withPositiveWeights(3)
            .withFocalGamma(2)
            .withFocalAlpha(0.25);
    INDArray soft = Transforms.sigmoid(view, true);
    INDArray a = Transforms.floor(positive, true);
    add("Sigmoid value", () -> SigmoidCrossEntropy.value(x, targets));
    add("Sigmoid gradient", () -> SigmoidCrossEntropy.gradient(view, targets, plain));
    add("Sigmoid value, every", () -> SigmoidCrossEntropy.value(view, soft, a, every));
    add("Sigmoid gradient, every", () -> SigmoidCrossEntropy.gradient(x, soft, a, every));
    add("Sigmoid second", () -> SigmoidCrossEntropy.secondDerivative(x, soft, a, every));
    addBoth("Sigmoid", () -> SigmoidCrossEntropy.valueAndGradient(x, soft, a, plain));
    calls.add(
        new Call(
            "Sigmoid evaluate",
            () -> {
              try (LossEvaluation<INDArray> all = SigmoidCrossEntropy.evaluate(x, soft, a, plain)) {
                return joined(doubles(all.loss()), doubles(all.elementLosses()));
              }
            }));
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.placeHolder("x", x.dataType(), x.shape());
    SDVariable labelled = graph.placeHolder("labels", soft.dataType(), soft.shape());
    SDVariable loss = SigmoidCrossEntropy.value(logits, labelled, every);
    addGraph("Sigmoid loss", graph, loss, Map.of("x", x, "labels", soft), "x");
    LossFusedSigmoidCrossEntropy ofLayer = new LossFusedSigmoidCrossEntropy();
    IActivation sigmoid = new ActivationSigmoid();
    calls.add(
        new Call(
            "Sigmoid loss of DL4J",
            () -> {
              Pair<Double, INDArray> both =
                  ofLayer.computeGradientAndScore(soft, x, sigmoid, null, true);
              return joined(new double[] {both.getFirst()}, numbers(both.getSecond()));
            }));
  }

  /** Of a rate with exposures, and of an inverse dispersion a row. */
  private void addCounts() {
    INDArray counts = Transforms.floor(Transforms.abs(x, true).mul(4), true);
    INDArray theta = positive.getColumn(0, true).dup();
    INDArray a = Transforms.floor(positive, true);
    CountOptions plain = CountOptions.DEFAULT;
    CountOptions every =
        plain
            .withReduction(Reduction.NONE)
            .withRate(PositiveTransform.softplus(1.7).withLowerBound(0.1))
            .withFullLikelihood();
    add("Poisson value", () -> PoissonLoss.value(x, counts, plain));
    add("Poisson value, every", () -> PoissonLoss.valueWithExposure(view, theta, counts, a, every));
    add("Poisson gradient, every", () -> PoissonLoss.gradientWithExposure(x, theta, counts, every));
    add("Poisson second", () -> PoissonLoss.secondDerivative(view, counts, a, every));
    addCounts("Poisson", () -> PoissonLoss.evaluateWithExposure(x, theta, counts, a, every));
    String name = "NegativeBinomial ";
    add(name + "value", () -> NegativeBinomialLoss.value(x, theta, counts, plain));
    add(name + "value, every", () -> NegativeBinomialLoss.value(view, theta, counts, a, every));
    add(name + "gradient", () -> NegativeBinomialLoss.gradient(view, positive, counts, plain));
    add(
        name + "parameter gradient",
        () -> NegativeBinomialLoss.parameterGradient(view, theta, counts, a, every));
    add(
        name + "parameter second",
        () -> NegativeBinomialLoss.parameterSecondDerivative(view, theta, counts, a, every));
    add(name + "mixed", () -> NegativeBinomialLoss.mixedDerivative(x, theta, counts, plain));
    add(name + "second", () -> NegativeBinomialLoss.secondDerivative(x, theta, counts, a, every));
    addBoth(name, () -> NegativeBinomialLoss.valueAndGradient(x, theta, counts, a, plain));
    addCounts(name, () -> NegativeBinomialLoss.evaluate(x, theta, counts, a, every));
    SameDiff graph = SameDiff.create();
    SDVariable raw = graph.placeHolder("x", x.dataType(), x.shape());
    SDVariable ofTheta = graph.placeHolder("theta", theta.dataType(), theta.shape());
    SDVariable counted = graph.placeHolder("counts", counts.dataType(), counts.shape());
    SDVariable loss = NegativeBinomialLoss.value(raw, ofTheta, counted, every);
    Map<String, INDArray> arrays = Map.of("x", x, "theta", theta, "counts", counts);
    addGraph(name + "loss", graph, loss, arrays, "x", "theta");
    addCountsOfLayer(counts, plain.withFullLikelihood());
  }

  /** Of layers that put out θ, and whose θ is known; and with exposures. */
  private void addCountsOfLayer(INDArray counts, CountOptions options) {
    INDArray twice = Nd4j.concat(1, x, positive);
    addOfLayer("θ put out", new LossFusedNegativeBinomial(options), counts, twice);
    addOfLayer("θ known", new LossFusedNegativeBinomial(options, 1.5), counts, x);
    INDArray labels = Nd4j.concat(1, counts, positive);
    addOfLayer("exposures", new LossFusedPoisson(options).withExposure(), labels, x);
  }

  private void addOfLayer(String name, ILossFunction loss, INDArray labels, INDArray output) {
    IActivation identity = new ActivationIdentity();
    calls.add(
        new Call(
            "Loss of counts of DL4J, " + name,
            () -> {
              Pair<Double, INDArray> both =
                  loss.computeGradientAndScore(labels, output, identity, null, true);
              return joined(new double[] {both.getFirst()}, numbers(both.getSecond()));
            }));
  }

  private void addCounts(String name, Supplier<CountEvaluation<INDArray>> call) {
    calls.add(
        new Call(
            name + " evaluate",
            () -> {
              try (CountEvaluation<INDArray> all = call.get()) {
                double[] losses = joined(doubles(all.loss()), doubles(all.elementLosses()));
                return joined(losses, doubles(all.deviances()));
              }
            }));
  }

  private void addBoth(String name, Supplier<ValueAndGradient<INDArray>> call) {
    calls.add(
        new Call(
            name + " valueAndGradient",
            () -> {
              ValueAndGradient<INDArray> both = call.get();
              return numbers(both.value(), both.gradient());
            }));
  }

  private void addAll(String name, Supplier<CrossEntropyEvaluation<INDArray>> call) {
    calls.add(
        new Call(
            name + " evaluate",
            () -> {
              try (CrossEntropyEvaluation<INDArray> all = call.get()) {
                return joined(
                    doubles(all.loss()),
                    doubles(all.rowLosses()),
                    doubles(all.logSumExp()),
                    doubles(all.zLoss()),
                    new double[] {all.weight()});
              }
            }));
  }

  private void addLossGraph(String name, INDArray targets, CrossEntropyOptions options) {
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.placeHolder("x", x.dataType(), x.shape());
    SDVariable labelled = graph.placeHolder("labels", targets.dataType(), targets.shape());
    SDVariable loss =
        targets == labels
            ? SparseSoftmaxCrossEntropy.value(logits, labelled, options)
            : SoftmaxCrossEntropy.value(logits, labelled, options);
    addGraph(name + " loss", graph, loss, Map.of("x", x, "labels", targets), "x");
  }

  private void addLoss(String name, INDArray targets) {
    LossFusedSoftmaxCrossEntropy loss = new LossFusedSoftmaxCrossEntropy();
    IActivation identity = new ActivationIdentity();
    calls.add(
        new Call(
            name + " loss of DL4J",
            () -> {
              Pair<Double, INDArray> both =
                  loss.computeGradientAndScore(targets, x, identity, null, true);
              return joined(new double[] {both.getFirst()}, numbers(both.getSecond()));
            }));
  }

  private void addAlongAxes() {
    for (int axis = 0; axis < 2; axis++) {
      int along = axis;
      String of = " along " + axis;
      add("LogSumExp value" + of, () -> LogSumExp.value(x, along));
      add("LogSumExp gradient" + of, () -> LogSumExp.gradient(view, along));
      add("LogSoftmax value" + of, () -> LogSoftmax.value(view, along));
      add("LogSoftmax gradient" + of, () -> LogSoftmax.gradient(x, along, positive));
      addUnaryGraph("LogSumExp" + of, variable -> LogSumExp.value(variable, along));
      addUnaryGraph("LogSoftmax" + of, variable -> LogSoftmax.value(variable, along));
    }
  }

  private void addGumbelSoftmax() {
    INDArray noise = GumbelSoftmax.gumbels(x, 8);
    INDArray tau = Nd4j.createFromArray(0.7f);
    String name = "GumbelSoftmax ";
    add(name + "value", () -> GumbelSoftmax.value(view, noise, 0.7));
    add(name + "value with array", () -> GumbelSoftmax.value(x, noise, tau));
    add(name + "hard", () -> GumbelSoftmax.hard(x, noise, 0.7));
    add(name + "gradient", () -> GumbelSoftmax.gradient(view, noise, tau, positive));
    add(
        name + "temperatureGradient",
        () -> GumbelSoftmax.temperatureGradient(x, noise, tau, positive));
    add(name + "gumbels", () -> GumbelSoftmax.gumbels(view, 9));
    addUnaryGraph(
        name + "value",
        v -> GumbelSoftmax.value(v, v.getSameDiff().constant("noise", noise.dup()), 0.7));
    addUnaryGraph(name + "hard of twice", v -> GumbelSoftmax.hard(v, v, 0.7));
    addGumbelGraph(name + "with array", noise, tau);
  }

  private void addGumbelGraph(String name, INDArray noise, INDArray tau) {
    SameDiff graph = SameDiff.create();
    SDVariable logits = graph.placeHolder("x", x.dataType(), x.shape());
    SDVariable gumbels = graph.placeHolder("noise", noise.dataType(), noise.shape());
    SDVariable temperature = graph.var("tau", tau.dup());
    SDVariable value = GumbelSoftmax.value(logits, gumbels, temperature);
    SDVariable weighted = value.mul(graph.constant(positive.dup()));
    Map<String, INDArray> inputs = Map.of("x", x, "noise", noise);
    addGraph(name, graph, weighted, inputs, "x", "noise", "tau");
  }

  /** With as many classes as rows, of which one is ignored. */
  private void addLinear() {
    INDArray y = Nd4j.arange(x.size(0)).castTo(DataType.INT64);
    INDArray bias = column.dup().reshape(x.size(0));
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    CrossEntropyOptions every =
        plain
            .withReduction(Reduction.NONE)
            .withLabelSmoothing(0.1)
            .withZLoss(0.01)
            .withIgnoreIndex(1);
    add("Linear value", () -> LinearCrossEntropy.value(view, positive, y));
    add("Linear value, every", () -> LinearCrossEntropy.value(x, view, bias, y, weights, every));
    calls.add(
        new Call(
            "Linear valueAndGradients",
            () -> numbers(LinearCrossEntropy.valueAndGradients(x, view, y))));
    calls.add(
        new Call(
            "Linear valueAndGradients, every",
            () ->
                numbers(
                    LinearCrossEntropy.valueAndGradients(
                        view, positive, bias, y, weights, every))));
    LinearCrossEntropyDirection<INDArray> v = new LinearCrossEntropyDirection<>(positive, x, bias);
    calls.add(
        new Call(
            "Linear gaussNewtonProduct",
            () ->
                numbers(
                    LinearCrossEntropy.gaussNewtonProduct(
                        x, view, y, new LinearCrossEntropyDirection<>(null, x, null)))));
    calls.add(
        new Call(
            "Linear gaussNewtonProduct, every",
            () ->
                numbers(
                    LinearCrossEntropy.gaussNewtonProduct(
                        view, positive, bias, y, weights, v, every))));
  }

  private static double[] numbers(LinearCrossEntropyGradients<INDArray> all) {
    return numbersOfGiven(all.loss(), all.hidden(), all.weight(), all.bias());
  }

  private static double[] numbers(LinearCrossEntropyDirection<INDArray> product) {
    return numbersOfGiven(product.hidden(), product.weight(), product.bias());
  }

  private static double[] numbersOfGiven(INDArray... results) {
    return numbers(Stream.of(results).filter(Objects::nonNull).toArray(INDArray[]::new));
  }

  private void addTransform(PositiveTransform transform) {
    INDArray values = positive.add(0.5);
    add(transform + " value", () -> PositiveTransforms.value(view, transform));
    add(transform + " gradient", () -> PositiveTransforms.gradient(x, transform));
    add(transform + " inverse", () -> PositiveTransforms.inverse(values, transform));
    add(transform + " logDerivative", () -> PositiveTransforms.logDerivative(x, transform));
    addUnaryGraph(transform.toString(), variable -> PositiveTransforms.value(variable, transform));
  }
}
