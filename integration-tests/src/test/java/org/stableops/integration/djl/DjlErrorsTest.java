package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.Loss;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.Softplus;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/** Bad input is refused with a message that says what is wrong, and leaves everything as it was. */
class DjlErrorsTest extends OnBothPaths {
  private static final CrossEntropyOptions DEFAULT = CrossEntropyOptions.DEFAULT;

  /** Every open array of the manager keeps its bytes, and no array comes or goes. */
  private <T extends Exception> void assertRefused(Class<T> type, String message, Executable call) {
    List<NDArray> before = manager.getManagedArrays();
    List<byte[]> bytes = before.stream().map(NDArray::toByteArray).toList();
    assertEquals(message, assertThrows(type, call).getMessage());
    assertEquals(before.size(), manager.getManagedArrays().size());
    for (int i = 0; i < bytes.size(); i++) {
      assertFalse(((PtNDArray) before.get(i)).isReleased());
      assertArrayEquals(bytes.get(i), before.get(i).toByteArray());
    }
  }

  private void assertInvalid(String message, Executable call) {
    assertRefused(IllegalArgumentException.class, message, call);
  }

  private void assertAllInvalid(String message, Stream<Executable> calls) {
    calls.forEach(call -> assertInvalid(message, call));
  }

  private static Stream<Executable> uses(Elementwise op, NDArray x) {
    return Stream.of(() -> op.value(x), () -> op.gradient(x));
  }

  private static Stream<Executable> uses(
      CrossEntropyKind kind, NDArray logits, NDArray labels, CrossEntropyOptions options) {
    return Stream.of(
        () -> kind.value(logits, labels, options),
        () -> kind.gradient(logits, labels, options),
        () -> kind.both(logits, labels, options),
        () -> kind.evaluate(logits, labels, options));
  }

  /** Each with sample weights, for logits of two rows and three classes. */
  private Stream<Executable> weightedUses(CrossEntropyKind kind, NDArray weights) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = kind.labels(manager, new Shape(2, 3), -1);
    return Stream.of(
        () -> kind.value(logits, labels, weights, DEFAULT),
        () -> kind.gradient(logits, labels, weights, DEFAULT),
        () -> kind.both(logits, labels, weights, DEFAULT),
        () -> kind.evaluate(logits, labels, weights, DEFAULT),
        () -> forward(kind.block(DEFAULT), logits, labels, weights),
        () -> forward(kind.gradientBlock(DEFAULT), logits, labels, weights));
  }

  private NDArray forward(Block block, NDArray... inputs) {
    return block
        .forward(new ParameterStore(manager, false), new NDList(inputs), false)
        .singletonOrThrow();
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void xMustBeFloating(Elementwise op) {
    for (DataType type :
        List.of(DataType.INT8, DataType.UINT8, DataType.INT32, DataType.INT64, DataType.BOOLEAN)) {
      NDArray x = manager.ones(new Shape(2, 3), type);
      NDArray floats = manager.ones(new Shape(2, 3));
      String mustBe = "%s dtype must be float16, float32 or float64, got " + type;
      assertAllInvalid(mustBe.formatted("x"), uses(op, x));
      assertInvalid(mustBe.formatted("x"), () -> forward(op.gradientBlock(), x, floats));
      assertInvalid(mustBe.formatted("upstream"), () -> forward(op.gradientBlock(), floats, x));
    }
  }

  /**
   * An array without a tensor behind it: native code would crash the JVM on it, as it does on a
   * tensor of these dtypes. So what passes shows that only the dtype was asked for.
   */
  private static final class TypeOnly extends PtNDArray {
    private final DataType type;

    TypeOnly(NDManager manager, DataType type) {
      super((PtNDManager) manager, new String[0], new Shape(2, 3));
      this.type = type;
    }

    @Override
    public DataType getDataType() {
      return type;
    }

    @Override
    public boolean hasGradient() {
      throw new AssertionError("native code was reached");
    }

    @Override
    public NDArray stopGradient() {
      throw new AssertionError("native code was reached");
    }

    @Override
    public PtNDArray toType(DataType dataType, boolean copy) {
      throw new AssertionError("native code was reached");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "UINT16", "UINT32", "UINT64", "COMPLEX64", "STRING", "UNKNOWN"})
  void aDtypeThatNativeCodeAbortsOnIsRefusedBeforeIt(DataType type) {
    NDArray bad = new TypeOnly(manager, type);
    NDArray good = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = manager.create(new long[] {0, 1});
    String mustBeFloating = "%s dtype must be float16, float32 or float64, got " + type;
    for (Elementwise op : Elementwise.all()) {
      assertAllInvalid(mustBeFloating.formatted("x"), uses(op, bad));
      assertInvalid(
          mustBeFloating.formatted("upstream"), () -> forward(op.gradientBlock(), good, bad));
    }
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      assertAllInvalid(mustBeFloating.formatted("logits"), uses(kind, bad, labels, DEFAULT));
    }
    assertAllInvalid(
        "labels dtype must be floating, integer or boolean, got " + type,
        uses(CrossEntropyKind.DENSE, good, bad, DEFAULT));
    assertAllInvalid(
        "labels dtype must be an integer or a floating type, got " + type,
        uses(CrossEntropyKind.SPARSE, good, bad, DEFAULT));
  }

  @ParameterizedTest
  @EnumSource
  void logitsMustBeFloating(CrossEntropyKind kind) {
    NDArray labels = kind.labels(manager, new Shape(2, 3), -1);
    for (DataType type : List.of(DataType.INT32, DataType.INT64, DataType.BOOLEAN)) {
      assertAllInvalid(
          "logits dtype must be float16, float32 or float64, got " + type,
          uses(kind, manager.ones(new Shape(2, 3), type), labels, DEFAULT));
    }
  }

  @Test
  void sparseLabelsMustBeIntegers() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    assertAllInvalid(
        "labels dtype must be an integer or a floating type, got boolean",
        uses(
            CrossEntropyKind.SPARSE,
            logits,
            manager.ones(new Shape(2), DataType.BOOLEAN),
            DEFAULT));
    for (DataType type : Djl.FLOATS) {
      assertAllInvalid(
          "labels must be integers, got 0.5 at row 1",
          uses(
              CrossEntropyKind.SPARSE,
              logits,
              array(manager, type, new Shape(2), 1, 0.5),
              DEFAULT));
    }
  }

  @Test
  void nullIsRefused() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (Elementwise op : Elementwise.all()) {
      assertAllInvalid("x must be an array, got null", uses(op, null));
    }
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      assertAllInvalid("logits must be an array, got null", uses(kind, null, logits, DEFAULT));
      assertAllInvalid("labels must be an array, got null", uses(kind, logits, null, DEFAULT));
    }
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void aClosedArrayIsAnIllegalState(Elementwise op) {
    NDArray closed = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    closed.close();
    NDArray open = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    String message = "%s must be open, but has been closed";
    uses(op, closed)
        .forEach(call -> assertRefused(IllegalStateException.class, message.formatted("x"), call));
    assertRefused(
        IllegalStateException.class,
        message.formatted("upstream"),
        () -> forward(op.gradientBlock(), open, closed));
  }

  @ParameterizedTest
  @EnumSource
  void closedLogitsOrLabelsAreAnIllegalState(CrossEntropyKind kind) {
    Shape shape = new Shape(2, 3);
    NDArray logits = waves(manager, DataType.FLOAT32, shape, 1);
    NDArray labels = kind.labels(manager, shape, -1);
    NDArray closedLogits = waves(manager, DataType.FLOAT32, shape, 1);
    NDArray closedLabels = kind.labels(manager, shape, -1);
    closedLogits.close();
    closedLabels.close();
    uses(kind, closedLogits, labels, DEFAULT)
        .forEach(
            call ->
                assertRefused(
                    IllegalStateException.class, "logits must be open, but has been closed", call));
    uses(kind, logits, closedLabels, DEFAULT)
        .forEach(
            call ->
                assertRefused(
                    IllegalStateException.class, "labels must be open, but has been closed", call));
  }

  @Test
  void anArrayOfAClosedManagerIsAnIllegalState() {
    NDArray x;
    try (NDManager inner = manager.newSubManager()) {
      x = waves(inner, DataType.FLOAT32, new Shape(2, 3), 1);
    }
    assertRefused(
        IllegalStateException.class,
        "x must be open, but has been closed",
        () -> Softplus.value(x));
  }

  @ParameterizedTest
  @MethodSource("org.stableops.integration.djl.Elementwise#all")
  void upstreamMustHaveTheShapeOfX(Elementwise op) {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (Shape other : new Shape[] {new Shape(3), new Shape(3, 2), new Shape(2, 1), new Shape()}) {
      NDArray upstream = manager.ones(other);
      assertInvalid(
          "upstream must be like x, float32 (2, 3), got float32 %s".formatted(other),
          () -> forward(op.gradientBlock(), x, upstream));
    }
  }

  static Stream<Arguments> invalidParameters() {
    double nan = Double.NaN;
    double inf = Double.POSITIVE_INFINITY;
    return Elementwise.all().stream()
        .flatMap(
            op -> {
              boolean beta = op.publicName().startsWith("Softplus");
              String message = beta ? "beta must be finite and > 0" : "b must be finite and >= 0";
              Stream<Double> always = Stream.of(-1.0, -Double.MIN_VALUE, -inf, inf, nan);
              Stream<Double> values = beta ? Stream.concat(always, Stream.of(0.0, -0.0)) : always;
              return values.map(value -> Arguments.of(op, value, message + ", got " + value));
            });
  }

  @ParameterizedTest
  @MethodSource("invalidParameters")
  void parametersMustBeFiniteAndPositive(Elementwise op, double parameter, String message) {
    NDArray x = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    assertInvalid(message, () -> op.value(x, parameter));
    assertInvalid(message, () -> op.gradient(x, parameter));
    // Not first when the block is used.
    assertInvalid(message, () -> op.block(parameter));
    assertInvalid(message, () -> op.gradientBlock(parameter));
  }

  @ParameterizedTest
  @EnumSource
  void theClassAxisMustBeOneOfTheLogits(CrossEntropyKind kind) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = kind.labels(manager, new Shape(2, 3), -1);
    for (int axis : new int[] {2, -3, 7, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertAllInvalid(
          "axis must be in [-2, 2) for logits of shape (2, 3), got " + axis,
          uses(kind, logits, labels, DEFAULT.withAxis(axis)));
    }
    NDArray scalar = array(manager, DataType.FLOAT32, new Shape(), 1);
    assertAllInvalid(
        "logits must have rank 1 at least, got a scalar", uses(kind, scalar, labels, DEFAULT));
    NDArray noClasses = manager.create(new Shape(2, 0));
    assertAllInvalid(
        "logits must have an element along axis 1, got shape (2, 0)",
        uses(kind, noClasses, labels, DEFAULT));
  }

  @Test
  void sparseLabelsMustHaveTheShapeOfTheRows() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(4, 5), 1);
    for (Shape other :
        new Shape[] {new Shape(3), new Shape(4, 3), new Shape(1, 4), new Shape(), new Shape(5)}) {
      assertAllInvalid(
          "labels shape %s must equal logits shape (4, 5) without axis 1".formatted(text(other)),
          uses(CrossEntropyKind.SPARSE, logits, manager.zeros(other, DataType.INT64), DEFAULT));
    }
  }

  @Test
  void probabilitiesMustHaveTheShapeOfTheLogits() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(4, 5), 1);
    for (Shape other :
        new Shape[] {new Shape(4), new Shape(5, 4), new Shape(4, 1), new Shape(), new Shape(20)}) {
      assertAllInvalid(
          "labels shape %s must equal logits shape (4, 5)".formatted(text(other)),
          uses(CrossEntropyKind.DENSE, logits, manager.zeros(other), DEFAULT));
    }
  }

  private static String text(Shape shape) {
    return Arrays.toString(shape.getShape()).replace('[', '(').replace(']', ')');
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 3, 127, -128, -100})
  void aLabelMustBeAClass(long label) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (DataType type : List.of(DataType.INT8, DataType.INT32, DataType.INT64)) {
      NDArray labels = manager.create(new long[] {0, label}).toType(type, true);
      assertAllInvalid(
          "labels must be in [0, 3), got %d at row 1".formatted(label),
          uses(CrossEntropyKind.SPARSE, logits, labels, DEFAULT));
      assertAllInvalid(
          "labels must be in [0, 3) or equal ignoreIndex -7, got %d at row 1".formatted(label),
          uses(CrossEntropyKind.SPARSE, logits, labels, DEFAULT.withIgnoreIndex(-7)));
    }
  }

  @Test
  void aLabelOfTwoToThe32IsNotTakenForZero() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(1, 3), 1);
    NDArray labels = manager.create(new long[] {1L << 32});
    assertAllInvalid(
        "labels must be in [0, 3), got 4294967296 at row 0",
        uses(CrossEntropyKind.SPARSE, logits, labels, DEFAULT));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.5, -0x1p-20, Double.NaN, Double.POSITIVE_INFINITY})
  void aMassMustBeFiniteAndNotNegative(double probability) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    for (DataType type : Djl.FLOATS) {
      NDArray labels = array(manager, type, new Shape(2, 3), 0, 1, 0, 0.5, 0.5, probability);
      assertAllInvalid(
          "labels must be finite and >= 0, got %s at row 1, class 2".formatted(probability),
          uses(CrossEntropyKind.DENSE, logits, labels, DEFAULT));
    }
  }

  @Test
  void aBadMassIsFoundAlongAnyAxis() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = array(manager, DataType.FLOAT32, new Shape(2, 3), 0, 1, 0, 0.5, 0.5, -1);
    assertAllInvalid(
        "labels must be finite and >= 0, got -1.0 at row 2, class 1",
        uses(CrossEntropyKind.DENSE, logits, labels, DEFAULT.withAxis(0)));
  }

  @Test
  void aBadMassIsAnErrorInAGraphToo() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    logits.setRequiresGradient(true);
    NDArray labels = array(manager, DataType.FLOAT32, new Shape(2, 3), 0, 1, 0, 0.5, 0.5, -1);
    Graphs.recording(
        () ->
            assertAllInvalid(
                "labels must be finite and >= 0, got -1.0 at row 1, class 2",
                uses(CrossEntropyKind.DENSE, logits, labels, DEFAULT)));
  }

  @Test
  void ignoreIndexIsForIntegerLabels() {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3), 1);
    NDArray labels = CrossEntropyKind.DENSE.labels(manager, new Shape(2, 3), -1);
    assertAllInvalid(
        "ignoreIndex applies to integer labels, got class probabilities and "
            + "CrossEntropyOptions(axis=-1, reduction=MEAN, ignoreIndex=2)",
        uses(CrossEntropyKind.DENSE, logits, labels, DEFAULT.withIgnoreIndex(2)));
  }

  @ParameterizedTest
  @EnumSource
  void classWeightsMustBeOneAClass(CrossEntropyKind kind) {
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 5), 1);
    NDArray labels = kind.labels(manager, new Shape(2, 5), -1);
    CrossEntropyOptions four = DEFAULT.withClassWeights(1, 2, 3, 4);
    String message = "classWeights must have one weight for each of 5 classes, got 4";
    assertAllInvalid(message, uses(kind, logits, labels, four));
    assertInvalid(message, () -> forward(kind.block(four), logits, labels));
    assertInvalid(message, () -> forward(kind.gradientBlock(four), logits, labels));
  }

  @Test
  void anIgnoreIndexOfAProbabilityLossIsRefusedWhenItIsMade() {
    assertInvalid(
        "ignoreIndex applies to integer labels, got class probabilities and "
            + "CrossEntropyOptions(axis=-1, reduction=MEAN, ignoreIndex=2)",
        () -> FusedSoftmaxCrossEntropyLoss.probabilities(DEFAULT.withIgnoreIndex(2)));
  }

  @ParameterizedTest
  @EnumSource
  void sampleWeightsMustHaveTheShapeOfTheRows(CrossEntropyKind kind) {
    for (Shape other :
        new Shape[] {new Shape(3), new Shape(2, 3), new Shape(1, 2), new Shape(), new Shape(1)}) {
      assertAllInvalid(
          "sampleWeights shape %s must equal logits shape (2, 3) without axis 1"
              .formatted(text(other)),
          weightedUses(kind, manager.ones(other)));
    }
  }

  private static final String SIGNED =
      "; for signed weights, such as advantages, multiply the losses of Reduction.NONE by them";

  @ParameterizedTest
  @ValueSource(doubles = {-0.5, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void aSampleWeightMustBeFiniteAndNotNegative(double weight) {
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      for (DataType type : Djl.FLOATS) {
        assertAllInvalid(
            "sampleWeights must be finite and >= 0, got %s at row 1%s"
                .formatted(weight, weight < 0 ? SIGNED : ""),
            weightedUses(kind, array(manager, type, new Shape(2), 1, weight)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "UINT16", "COMPLEX64"})
  void sampleWeightsOfADtypeThatNativeCodeAbortsOnAreRefused(DataType type) {
    NDArray bad = new TypeOnly(manager, type);
    String message = "sampleWeights dtype must be floating, integer or boolean, got " + type;
    for (CrossEntropyKind kind : CrossEntropyKind.values()) {
      assertAllInvalid(message, weightedUses(kind, bad));
    }
    NDArray logits = waves(manager, DataType.FLOAT32, new Shape(2, 3, 4), 1);
    NDArray labels = manager.zeros(new Shape(2, 3));
    Loss loss = new FusedSoftmaxCrossEntropyLoss().withSampleWeights();
    assertInvalid(message, () -> loss.evaluate(new NDList(labels, bad), new NDList(logits)));
  }

  @ParameterizedTest
  @EnumSource
  void closedSampleWeightsAreAnIllegalState(CrossEntropyKind kind) {
    NDArray closed = manager.ones(new Shape(2));
    closed.close();
    weightedUses(kind, closed)
        .forEach(
            call ->
                assertRefused(
                    IllegalStateException.class,
                    "sampleWeights must be open, but has been closed",
                    call));
    assertAllInvalid("sampleWeights must be an array, got null", weightedUses(kind, null).limit(4));
  }

  @Test
  void optionsRefuseWhatIsNoOption() {
    Function<Consumer<CrossEntropyOptions>, Executable> on = use -> () -> use.accept(DEFAULT);
    assertInvalid(
        "labelSmoothing must be in [0, 1], got 1.5", on.apply(o -> o.withLabelSmoothing(1.5)));
    assertInvalid(
        "labelSmoothing must be in [0, 1], got NaN",
        on.apply(o -> o.withLabelSmoothing(Double.NaN)));
    assertInvalid("zLoss must be finite and >= 0, got -1.0", on.apply(o -> o.withZLoss(-1)));
    assertInvalid(
        "classWeights[1] must be finite and >= 0, got NaN",
        on.apply(o -> o.withClassWeights(1, Double.NaN)));
  }
}
