package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.GumbelSoftmax;
import org.stableops.djl.LinearCrossEntropy;
import org.stableops.djl.LogSoftmax;
import org.stableops.djl.LogSumExp;
import org.stableops.djl.NegativeBinomialLoss;
import org.stableops.djl.PoissonLoss;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.SecondOrder;
import org.stableops.djl.SigmoidCrossEntropy;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;

/** Second derivatives through libtorch's graphs, of every operator that has them. */
class SecondOrderTest extends OnBothPaths {
  private static final Shape SHAPE = new Shape(4, 3);
  private static final double STEP = 1e-5;

  /** Of the largest element: differences of gradients are not better. */
  private static final double TOLERANCE = 1e-8;

  private static final CrossEntropyOptions EVERYTHING =
      CrossEntropyOptions.DEFAULT
          .withLabelSmoothing(0.1)
          .withZLoss(0.3)
          .withClassWeights(0.5, 2, 1);

  private NDArray x;
  private NDArray positive;
  private NDArray v;

  private void makeArrays(DataType type) {
    x = Djl.waves(manager, type, SHAPE, 1);
    positive = x.abs().add(0.5).toType(type, true);
    v = Djl.waves(manager, type, SHAPE, 5);
  }

  private NDArray upstream(NDArray like) {
    return Djl.waves(manager, like.getDataType(), like.getShape(), 9);
  }

  /** A number that is not linear in what an operator computes. */
  private NDArray number(NDArray value) {
    return value.mul(value).add(upstream(value)).mul(value).sum();
  }

  /** By name, what is computed from x. */
  private Map<String, UnaryOperator<NDArray>> operators() {
    Map<String, UnaryOperator<NDArray>> operators = new LinkedHashMap<>();
    NDArray noise = GumbelSoftmax.gumbels(x, 3);
    NDArray parameter = manager.full(new Shape(1), 1.7f, x.getDataType());
    for (Elementwise operator : Elementwise.all()) {
      operators.put(operator.toString(), operator::value);
      operators.put(operator + " of an array", z -> operator.value(z, parameter));
    }
    for (PositiveTransform transform :
        new PositiveTransform[] {
          PositiveTransform.softplus(1.7).withLowerBound(0.1),
          PositiveTransform.squareplus(),
          PositiveTransform.exp()
        }) {
      operators.put(transform.toString(), z -> PositiveTransforms.value(z, transform));
    }
    operators.put("LogSumExp", z -> LogSumExp.value(z));
    operators.put("LogSumExp along 0", z -> LogSumExp.value(z, 0));
    operators.put("LogSoftmax", z -> LogSoftmax.value(z));
    operators.put("LogSoftmax along 0", z -> LogSoftmax.value(z, 0));
    operators.put("GumbelSoftmax", z -> GumbelSoftmax.value(z, noise, 0.7));
    operators.put("GumbelSoftmax by noise", z -> GumbelSoftmax.value(noise, z, 0.7));
    operators.put("a product", z -> z.mul(z));
    return operators;
  }

  /** The same for losses, reduced and not. */
  private Map<String, UnaryOperator<NDArray>> losses() {
    Map<String, UnaryOperator<NDArray>> losses = new LinkedHashMap<>();
    NDArray counts = manager.create(new double[] {0, 1, 2, 5, 0, 1, 7, 3, 2, 0, 1, 1}, SHAPE);
    NDArray targets = Softplus.gradient(v);
    NDArray theta = Djl.array(manager, x.getDataType(), new Shape(3), 0.5, 2, 7);
    for (Reduction reduction : Reduction.values()) {
      for (CrossEntropyKind kind : CrossEntropyKind.values()) {
        for (int axis = 0; axis < 2; axis++) {
          CrossEntropyOptions plain =
              CrossEntropyOptions.DEFAULT.withReduction(reduction).withAxis(axis);
          NDArray labels = kind.labels(manager, SHAPE, axis);
          losses.put(kind + " " + plain, z -> kind.value(z, labels, plain));
        }
        CrossEntropyOptions all = EVERYTHING.withReduction(reduction);
        NDArray labels = kind.labels(manager, SHAPE, 1);
        NDArray weights = CrossEntropyKind.weights(manager, SHAPE, 1);
        losses.put(kind + " " + all, z -> kind.value(z, labels, weights, all));
      }
      BinaryCrossEntropyOptions binary =
          BinaryCrossEntropyOptions.DEFAULT.withReduction(reduction).withFocalGamma(2);
      CountOptions count = CountOptions.DEFAULT.withReduction(reduction);
      losses.put("sigmoid " + binary, z -> SigmoidCrossEntropy.value(z, targets, binary));
      losses.put("Poisson " + count, z -> PoissonLoss.value(z, counts, count));
      losses.put("binomial " + count, z -> NegativeBinomialLoss.value(z, theta, counts, count));
      losses.put("binomial θ " + count, z -> NegativeBinomialLoss.value(v, z, counts, count));
      losses.put(
          "binomial both " + count,
          z -> NegativeBinomialLoss.value(z.neg(), z.get("0:1"), counts, count));
    }
    return losses;
  }

  @Test
  void productsOfEveryOperatorAgreeWithDifferencesOfGradients() {
    makeArrays(DataType.FLOAT64);
    operators().forEach(this::assertAgrees);
  }

  @Test
  void productsOfEveryLossAgreeWithDifferencesOfGradients() {
    makeArrays(DataType.FLOAT64);
    losses().forEach(this::assertAgrees);
  }

  private void assertAgrees(String name, UnaryOperator<NDArray> operator) {
    UnaryOperator<NDArray> function = z -> number(operator.apply(z));
    double[] above = Djl.gradient(positive.add(v.mul(STEP)), function);
    double[] below = Djl.gradient(positive.sub(v.mul(STEP)), function);
    double[] actual = product(positive, function, v);
    double largest = largest(actual);
    for (int i = 0; i < actual.length; i++) {
      double expected = (above[i] - below[i]) / (2 * STEP);
      assertEquals(expected, actual[i], TOLERANCE * Math.max(1, largest), name + " at " + i);
    }
  }

  private static double largest(double[] numbers) {
    double largest = 0;
    for (double number : numbers) {
      largest = Math.max(largest, Math.abs(number));
    }
    return largest;
  }

  /** H·v of a function at a point. */
  private double[] product(NDArray point, UnaryOperator<NDArray> function, NDArray vector) {
    NDArray leaf = leaf(point);
    NDList product =
        SecondOrder.hessianVectorProducts(
            () -> function.apply(leaf), new NDList(leaf), new NDList(vector));
    return Djl.doubles(product.singletonOrThrow());
  }

  private static NDArray leaf(NDArray point) {
    NDArray leaf = point.stopGradient().duplicate();
    leaf.setRequiresGradient(true);
    return leaf;
  }

  @Test
  void theScopeChangesNeitherValuesNorGradients() {
    for (DataType type : Djl.FLOATS) {
      makeArrays(type);
      operators().forEach(this::assertSameInScope);
      losses().forEach(this::assertSameInScope);
    }
  }

  private void assertSameInScope(String name, UnaryOperator<NDArray> operator) {
    NDArray outside = operator.apply(positive);
    double[] gradient = Djl.gradient(positive, z -> operator.apply(z).mul(upstream(outside)));
    NDArray leaf = leaf(positive);
    try (SecondOrder scope = SecondOrder.open()) {
      NDArray inside = operator.apply(leaf);
      assertEquals(outside.getDataType(), inside.getDataType(), name);
      assertArrayEquals(Djl.doubles(outside), Djl.doubles(inside), name);
      NDArray target = inside.mul(upstream(outside)).sum();
      NDArray actual = scope.gradients(target, new NDList(leaf)).singletonOrThrow();
      double epsilon = epsilon(positive.getDataType());
      assertArrayEquals(gradient, Djl.doubles(actual), 8 * epsilon * largest(gradient), name);
    }
  }

  private static double epsilon(DataType type) {
    return switch (type) {
      case FLOAT16 -> 0x1p-11;
      case FLOAT32 -> 0x1p-24;
      default -> 0x1p-53;
    };
  }

  @Test
  void theSecondDerivativesAreTheExplicitOnesInEveryDtype() {
    for (DataType type : Djl.FLOATS) {
      makeArrays(type);
      for (Elementwise operator : Elementwise.all()) {
        NDArray wide = positive.toType(DataType.FLOAT64, true);
        double[] exact = Djl.doubles(operator.secondDerivative(wide).mul(v));
        double[] actual = product(positive, z -> operator.value(z).sum(), v);
        for (int i = 0; i < exact.length; i++) {
          double error = 8 * epsilon(type) * Math.abs(exact[i]);
          assertEquals(exact[i], actual[i], error, operator + " " + type);
        }
      }
    }
  }

  @Test
  void theHessianOfACrossEntropyIsTheExplicitOne() {
    for (DataType type : Djl.FLOATS) {
      makeArrays(type);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, SHAPE, 1);
      NDArray wide = x.toType(DataType.FLOAT64, true);
      double[] exact =
          Djl.doubles(SparseSoftmaxCrossEntropy.hessianVectorProduct(wide, labels, v, EVERYTHING));
      double[] actual = product(x, z -> SparseSoftmaxCrossEntropy.value(z, labels, EVERYTHING), v);
      assertArrayEquals(exact, actual, 8 * epsilon(type) * largest(exact));
    }
  }

  /** Of a confident row, where v_k − ⟨p, v⟩ would lose everything. */
  @Test
  void nothingCancelsOnConfidentRows() {
    NDArray z = manager.create(new double[][] {{40, 0, -3}});
    NDArray vector = manager.create(new double[][] {{1, 2, -5}});
    NDArray labels = manager.create(new long[] {0}).duplicate();
    double[] exact =
        Djl.doubles(
            SparseSoftmaxCrossEntropy.hessianVectorProduct(
                z, labels, vector, CrossEntropyOptions.DEFAULT));
    double[] actual = product(z, y -> SparseSoftmaxCrossEntropy.value(y, labels), vector);
    for (int i = 0; i < exact.length; i++) {
      assertEquals(exact[i], actual[i], 0x1p-50 * Math.abs(exact[i]));
    }
  }

  @Test
  void valuesThatAreNotFiniteHaveTheGradientsOfTheTables() {
    NDArray ends = manager.create(new double[] {0, Double.POSITIVE_INFINITY, Double.NaN, 2});
    for (Elementwise operator : Elementwise.all()) {
      double[] expected = Djl.doubles(operator.gradient(ends));
      NDArray leaf = leaf(ends);
      try (SecondOrder scope = SecondOrder.open()) {
        NDList gradients = scope.gradients(operator.value(leaf).sum(), new NDList(leaf));
        assertArrayEquals(expected, Djl.doubles(gradients.get(0)), operator.toString());
      }
    }
  }

  @Test
  void rowsThatDoNotCountAreNotRead() {
    makeArrays(DataType.FLOAT64);
    NDArray labels = manager.create(new long[] {0, 2, 1, 7}).duplicate();
    CrossEntropyOptions options = EVERYTHING.withIgnoreIndex(7);
    double[] expected = product(x, z -> SparseSoftmaxCrossEntropy.value(z, labels, options), v);
    NDArray withNaN = x.duplicate();
    withNaN.set(new NDIndex("3"), Double.NaN);
    double[] actual = product(withNaN, z -> SparseSoftmaxCrossEntropy.value(z, labels, options), v);
    assertArrayEquals(expected, actual);
    assertEquals(0, actual[9]);
  }

  /** A gradient penalty: the target of a second backward is a function of gradients. */
  @Test
  void gradientsMayBeInALoss() {
    makeArrays(DataType.FLOAT64);
    UnaryOperator<NDArray> penalty =
        leaf -> {
          try (SecondOrder scope = SecondOrder.open()) {
            NDArray target = Squareplus.value(leaf).mul(Softplus.value(leaf)).sum();
            NDArray gradient = scope.gradients(target, new NDList(leaf)).singletonOrThrow();
            return gradient.mul(gradient).sum();
          }
        };
    NDArray leaf = leaf(x);
    FiniteDifferences.assertAgrees(leaf, () -> penalty.apply(leaf));
  }

  @Test
  void arraysThatTheTargetDoesNotDependOnHaveZeros() {
    makeArrays(DataType.FLOAT64);
    NDArray a = leaf(x);
    NDArray b = leaf(x);
    NDArray c = leaf(x);
    NDList vectors = new NDList(v, v, v);
    NDList products =
        SecondOrder.hessianVectorProducts(
            () -> Softplus.value(a).add(b).sum(), new NDList(a, b, c), vectors);
    assertArrayEquals(
        Djl.doubles(Softplus.secondDerivative(x).mul(v)), Djl.doubles(products.get(0)));
    assertArrayEquals(new double[12], Djl.doubles(products.get(1)));
    assertArrayEquals(new double[12], Djl.doubles(products.get(2)));
    NDList ofLinear = SecondOrder.hessianVectorProducts(b::sum, new NDList(b), new NDList(v));
    assertArrayEquals(new double[12], Djl.doubles(ofLinear.get(0)));
  }

  @Test
  void scalarsAndEmptyArraysWork() {
    for (DataType type : Djl.FLOATS) {
      NDArray point = Djl.array(manager, type, new Shape(), 0.5);
      NDArray one = manager.ones(new Shape(), type);
      for (Elementwise operator : Elementwise.all()) {
        double[] expected = Djl.doubles(operator.secondDerivative(point));
        double error = 4 * epsilon(type) * Math.abs(expected[0]);
        assertArrayEquals(expected, product(point, operator::value, one), error);
      }
      NDArray empty = manager.create(new Shape(0, 3), type);
      NDArray labels = manager.create(new Shape(0), DataType.INT64);
      assertEquals(0, product(empty, z -> Softplus.value(z).sum(), empty).length);
      assertEquals(
          0, product(empty, z -> SparseSoftmaxCrossEntropy.value(z, labels), empty).length);
    }
  }

  @Test
  @SuppressWarnings("try") // Scopes are open for the block's sake.
  void operatorsWithoutASecondDerivativeAreRefused() {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(positive);
    NDArray labels = manager.create(new long[] {0, 2, 1, 0}).duplicate();
    try (SecondOrder scope = SecondOrder.open()) {
      assertRefused(() -> Softplus.value(x, leaf));
      assertRefused(() -> Softplus.value(leaf, positive));
      assertRefused(() -> PositiveTransforms.logDerivative(leaf, PositiveTransform.softplus()));
      assertRefused(() -> LinearCrossEntropy.value(leaf, x, labels));
      assertRefused(
          () ->
              LinearCrossEntropy.value(
                  x, leaf, labels, CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE)));
      // Nobody asks for these.
      Softplus.value(x, positive);
      LinearCrossEntropy.value(x, positive, labels);
    }
    Softplus.value(x, leaf);
  }

  private static void assertRefused(Runnable call) {
    Throwable refusal = assertThrows(UnsupportedOperationException.class, call::run);
    assertTrue(refusal.getMessage().contains("no second derivative"), refusal.getMessage());
  }

  @Test
  @SuppressWarnings("try") // Scopes are open for the block's sake.
  void aScopeRestoresWhatItFinds() {
    boolean before = JniUtils.isGradMode();
    for (boolean mode : new boolean[] {true, false}) {
      JniUtils.setGradMode(mode);
      SecondOrder outer = SecondOrder.open();
      try (SecondOrder inner = SecondOrder.open()) {
        assertTrue(JniUtils.isGradMode());
      }
      makeArrays(DataType.FLOAT64);
      NDArray leaf = leaf(x);
      NDArray hessian =
          outer
              .hessianVectorProducts(Softplus.value(leaf).sum(), new NDList(leaf), new NDList(v))
              .singletonOrThrow();
      assertSame(leaf.getManager(), hessian.getManager());
      assertFalse(hessian.hasGradient());
      Graphs.assertOutside(hessian);
      outer.close();
      outer.close();
      assertEquals(mode, JniUtils.isGradMode());
    }
    JniUtils.setGradMode(before);
  }

  @Test
  void aScopeIsOfItsThread() throws InterruptedException {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(x);
    NDList arrays = new NDList(leaf);
    boolean[] isDone = new boolean[1];
    try (SecondOrder scope = SecondOrder.open()) {
      Thread other =
          new Thread(
              () -> {
                JniUtils.setGradMode(true);
                // Not in the scope.
                NDArray target = Softplus.value(leaf, positive).sum();
                assertOfThread(() -> scope.gradients(target, arrays));
                assertOfThread(() -> scope.hessianVectorProducts(target, arrays, new NDList(v)));
                assertOfThread(scope::close);
                isDone[0] = true;
              });
      other.start();
      other.join();
    }
    assertTrue(isDone[0]);
  }

  private static void assertOfThread(Runnable call) {
    assertInvalidState("the scope must be used and closed by the thread that opened it", call);
  }

  private static void assertInvalidState(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalStateException.class, call::run).getMessage());
  }

  @Test
  void scopesAreClosedInTheirOrder() {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(false);
    try {
      SecondOrder outer = SecondOrder.open();
      SecondOrder inner = SecondOrder.open();
      assertInvalidState(
          "the scopes that were opened after this one must be closed first", outer::close);
      inner.close();
      assertTrue(JniUtils.isGradMode());
      outer.close();
      assertFalse(JniUtils.isGradMode());
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /** Outside of a scope the factor of a product is a constant of the graph: documented. */
  @Test
  void outsideOfAScopeTheSecondDerivativeIsMissing() {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(x);
    NDArray[] target = new NDArray[1];
    Graphs.recording(() -> target[0] = Softplus.value(leaf).sum());
    try (SecondOrder scope = SecondOrder.open()) {
      NDArray product =
          scope
              .hessianVectorProducts(target[0], new NDList(leaf), new NDList(v))
              .singletonOrThrow();
      assertArrayEquals(new double[12], Djl.doubles(product));
    }
  }

  @Test
  void nothingIsLeftBehind() {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(positive);
    NDList arrays = new NDList(leaf);
    NDList vectors = new NDList(v);
    operators().values().forEach(operator -> assertLeavesNothing(operator, arrays, vectors));
    losses().values().forEach(operator -> assertLeavesNothing(operator, arrays, vectors));
  }

  private void assertLeavesNothing(UnaryOperator<NDArray> operator, NDList arrays, NDList vectors) {
    NDArray leaf = arrays.get(0);
    int before = manager.getManagedArrays().size();
    SecondOrder.hessianVectorProducts(() -> operator.apply(leaf).sum(), arrays, vectors).close();
    assertEquals(before, manager.getManagedArrays().size());
  }

  @Test
  void wrongArgumentsAreRefused() {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(x);
    NDList arrays = new NDList(leaf);
    NDList vectors = new NDList(v);
    SecondOrder scope = SecondOrder.open();
    NDArray target = Softplus.value(leaf).sum();
    assertInvalid(
        "target must have one element, got shape (4, 3)",
        () -> scope.gradients(Softplus.value(leaf), arrays));
    assertInvalid(
        "target must require a gradient, or be computed from what does",
        () -> scope.gradients(x.sum(), arrays));
    assertInvalid(
        "arrays[0] must require a gradient, or be computed from what does",
        () -> scope.gradients(target, vectors));
    assertInvalid(
        "vectors must be 1 arrays, one for each of arrays, got 0",
        () -> scope.hessianVectorProducts(target, arrays, new NDList()));
    assertInvalid(
        "vectors[0] must be like arrays[0], float64 (4, 3), got float64 ()",
        () -> scope.hessianVectorProducts(target, arrays, new NDList(target)));
    assertInvalid("target must be an array, got null", () -> scope.gradients(null, arrays));
    assertInvalid("arrays must be given, got null", () -> scope.gradients(target, null));
    scope.close();
    assertThrows(IllegalStateException.class, () -> scope.gradients(target, arrays));
  }

  @Test
  void whatTheSupplierDoesNotMakeIsCheckedBeforeIt() {
    makeArrays(DataType.FLOAT64);
    NDList arrays = new NDList(leaf(x));
    assertInvalidBefore("arrays must be given, got null", null, arrays);
    assertInvalidBefore("vectors must be given, got null", arrays, null);
    assertInvalidBefore(
        "vectors must be 1 arrays, one for each of arrays, got 0", arrays, new NDList());
    assertInvalidBefore(
        "vectors[0] must be like arrays[0], float64 (4, 3), got float64 (1)",
        arrays,
        new NDList(ones()));
  }

  private static void assertInvalidBefore(String message, NDList arrays, NDList vectors) {
    assertInvalid(message, () -> SecondOrder.hessianVectorProducts(() -> fail(), arrays, vectors));
  }

  @Test
  void noArraysHaveNoGradients() {
    makeArrays(DataType.FLOAT64);
    NDArray leaf = leaf(x);
    try (SecondOrder scope = SecondOrder.open()) {
      NDArray target = Softplus.value(leaf).sum();
      assertTrue(scope.gradients(target, new NDList()).isEmpty());
      assertTrue(scope.hessianVectorProducts(target, new NDList(), new NDList()).isEmpty());
    }
  }

  /** Also where the logits are masked, or too large for the temperature. */
  @Test
  void theGumbelSoftmaxHasSecondDerivativesByItsTemperature() {
    NDArray point = doubles(new Shape(1), 0.7);
    for (double[] row :
        new double[][] {
          {2, 0, 1},
          {2, Double.NEGATIVE_INFINITY, 1},
          {1e308, 0, 1},
          {-1e308, 2, 1},
          {Double.POSITIVE_INFINITY, 0, 1}
        }) {
      NDArray logits = doubles(new Shape(1, 3), row);
      NDArray weights = doubles(new Shape(3), 1, 2, 3);
      UnaryOperator<NDArray> function =
          t -> GumbelSoftmax.value(logits, logits.zerosLike(), t).mul(weights).sum();
      double gradient = Djl.gradient(point, function)[0];
      double above = Djl.gradient(point.add(STEP), function)[0];
      double below = Djl.gradient(point.sub(STEP), function)[0];
      assertEquals(gradient, gradientInScope(point, function), 1e-15);
      assertEquals((above - below) / (2 * STEP), product(point, function, ones())[0], TOLERANCE);
    }
  }

  private NDArray doubles(Shape shape, double... values) {
    return Djl.array(manager, DataType.FLOAT64, shape, values);
  }

  private static double gradientInScope(NDArray point, UnaryOperator<NDArray> function) {
    NDArray leaf = leaf(point);
    try (SecondOrder scope = SecondOrder.open()) {
      return Djl.doubles(scope.gradients(function.apply(leaf), new NDList(leaf)).get(0))[0];
    }
  }

  /** By the temperature of the gradient by the logits, one of them masked. */
  @Test
  void theGumbelSoftmaxHasMixedDerivatives() {
    NDArray logits = doubles(new Shape(4), 2, Double.NEGATIVE_INFINITY, 1, 0.4);
    NDArray weights = doubles(new Shape(4), 1, 2, 3, -2);
    NDArray point = doubles(new Shape(1), 0.7);
    NDArray z = leaf(logits);
    NDArray t = leaf(point);
    NDList products =
        SecondOrder.hessianVectorProducts(
            () -> GumbelSoftmax.value(z, z.zerosLike(), t).mul(weights).sum(),
            new NDList(z, t),
            new NDList(logits.zerosLike(), ones()));
    double[] above = gumbelGradient(logits, point.add(STEP), weights);
    double[] below = gumbelGradient(logits, point.sub(STEP), weights);
    double[] mixed = Djl.doubles(products.get(0));
    for (int i = 0; i < mixed.length; i++) {
      assertEquals((above[i] - below[i]) / (2 * STEP), mixed[i], TOLERANCE);
    }
  }

  private static double[] gumbelGradient(NDArray logits, NDArray t, NDArray weights) {
    return Djl.doubles(
        GumbelSoftmax.gradient(logits, logits.zerosLike(), Djl.doubles(t)[0], weights));
  }

  /** An infinite mixed derivative leaves the gradients alone. */
  @Test
  void gradientsOfBothArgumentsAreFiniteBesideAnInfiniteMixedDerivative() {
    NDArray raw = Djl.array(manager, DataType.FLOAT32, new Shape(1), -88);
    NDArray theta = Djl.array(manager, DataType.FLOAT32, new Shape(1), 1e-38);
    NDArray count = Djl.array(manager, DataType.FLOAT32, new Shape(1), 1e10);
    CountOptions options = CountOptions.DEFAULT;
    NDArray mixed = NegativeBinomialLoss.mixedDerivative(raw, theta, count, options);
    assertEquals(Double.NEGATIVE_INFINITY, Djl.doubles(mixed)[0]);
    NDList leaves = new NDList(leaf(raw), leaf(theta));
    try (SecondOrder scope = SecondOrder.open()) {
      NDArray loss = NegativeBinomialLoss.value(leaves.get(0), leaves.get(1), count, options);
      NDList gradients = scope.gradients(loss, leaves);
      assertArrayEquals(
          Djl.doubles(NegativeBinomialLoss.gradient(raw, theta, count, options)),
          Djl.doubles(gradients.get(0)));
      assertArrayEquals(
          Djl.doubles(NegativeBinomialLoss.parameterGradient(raw, theta, count, options)),
          Djl.doubles(gradients.get(1)));
    }
  }

  private static void assertInvalid(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }

  @Test
  void theInverseHasAnInfiniteSecondDerivativeAtZero() {
    double[] product =
        product(manager.create(new double[] {0}), z -> SoftplusInverse.value(z).sum(), ones());
    assertEquals(Double.NEGATIVE_INFINITY, product[0]);
  }

  private NDArray ones() {
    return manager.ones(new Shape(1), DataType.FLOAT64);
  }
}
