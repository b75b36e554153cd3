package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;
import static org.stableops.integration.djl.Djl.waves;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SeededLosses;
import org.stableops.djl.nn.LearnableSoftplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveScale;

/** Losses under a collector of SeededLosses: gradients, threads, errors, and who owns what. */
class SeededLossesTest extends OnBothPaths {
  /** A collector that ends in a thread leaves it without autograd: pools would be the worse. */
  private static final Executor NEW_THREAD = work -> new Thread(work).start();

  private static final Shape MATRIX = new Shape(6, 4);
  private static final CrossEntropyOptions OPTIONS = CrossEntropyOptions.DEFAULT;

  private static void assertSameGradient(NDArray x, UnaryOperator<NDArray> function) {
    Djl.assertSameArray(
        Djl.gradientArray(x, function),
        Djl.gradientArray(SeededLosses::newGradientCollector, x, function));
  }

  private static NDArray leaf(NDArray x) {
    x.setRequiresGradient(true);
    return x;
  }

  private NDArray labels() {
    return CrossEntropyKind.SPARSE.labels(manager, MATRIX, -1);
  }

  private NDArray logits() {
    return waves(manager, DataType.FLOAT32, MATRIX, 1);
  }

  private static NDArray loss(NDArray logits, NDArray labels) {
    return CrossEntropyKind.SPARSE.value(logits, labels, OPTIONS);
  }

  static Stream<Arguments> kindsAndReductions() {
    return Stream.of(CrossEntropyKind.values())
        .flatMap(kind -> Stream.of(Reduction.values()).map(r -> Arguments.of(kind, r)));
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void everyDtypeAndClassAxisHasTheGradientOfTheStockCollector(
      CrossEntropyKind kind, Reduction reduction) {
    for (DataType type : Djl.FLOATS) {
      for (Shape shape : new Shape[] {new Shape(4), new Shape(6, 4), new Shape(2, 3, 4)}) {
        for (int axis = -shape.dimension(); axis < 0; axis++) {
          CrossEntropyOptions options = OPTIONS.withReduction(reduction).withAxis(axis);
          NDArray x = waves(manager, type, shape, 1);
          NDArray labels = kind.labels(manager, shape, axis);
          NDArray value = kind.value(x, labels, options);
          NDArray upstream = waves(manager, type, value.getShape(), 2);
          assertSameGradient(
              x,
              z -> {
                NDArray loss = kind.value(z, labels, options);
                Djl.assertSameArray(value, loss.stopGradient());
                return loss;
              });
          assertSameGradient(x, z -> kind.value(z.mul(z), labels, options).mul(upstream));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void viewsAndEmptyLogitsHaveTheGradientOfTheStockCollector(
      CrossEntropyKind kind, Reduction reduction) {
    CrossEntropyOptions options = OPTIONS.withReduction(reduction);
    NDArray labels = kind.labels(manager, MATRIX, -1);
    NDArray transposed = waves(manager, DataType.FLOAT32, new Shape(4, 6), 1);
    assertSameGradient(transposed, z -> kind.value(z.transpose(), labels, options));
    NDArray row = waves(manager, DataType.FLOAT32, new Shape(1, 4), 1);
    assertSameGradient(row, z -> kind.value(z.broadcast(MATRIX), labels, options));
    NDArray empty = manager.create(new Shape(0, 4), DataType.FLOAT32);
    NDArray none = kind.labels(manager, new Shape(0, 4), -1);
    assertSameGradient(empty, z -> kind.value(z, none, options).sum());
  }

  /** What is summed on the way to such a parameter is so in the order of memory. */
  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void aBroadcastParameterUnderTheLossHasTheGradientOfTheStockCollector(
      CrossEntropyKind kind, Reduction reduction) {
    for (Shape shape : List.of(new Shape(7, 5), new Shape(2, 3, 2), new Shape(4, 3, 5, 6))) {
      for (int axis = 0; axis < shape.dimension(); axis++) {
        CrossEntropyOptions options = OPTIONS.withReduction(reduction).withAxis(axis);
        NDArray x = waves(manager, DataType.FLOAT32, shape, 1);
        NDArray labels = kind.labels(manager, shape, axis);
        for (int kept = 0; kept < 1 << shape.dimension(); kept++) {
          NDArray p = waves(manager, DataType.FLOAT32, keeping(kept, shape), 2);
          assertSameGradient(p, q -> kind.value(x.mul(q), labels, options));
          assertSameGradient(p, q -> kind.value(x.add(q), labels, options));
          assertSameGradient(p, q -> kind.value(x.mul(q), labels, options).sum());
        }
      }
    }
  }

  /** The shape with 1 for each axis whose bit is not set. */
  private static Shape keeping(int bits, Shape shape) {
    long[] sizes = shape.getShape().clone();
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = (bits >> axis & 1) == 1 ? sizes[axis] : 1;
    }
    return new Shape(sizes);
  }

  @ParameterizedTest
  @MethodSource("kindsAndReductions")
  void blocksUnderTheLossHaveTheGradientsOfTheStockCollector(
      CrossEntropyKind kind, Reduction reduction) {
    Shape shape = new Shape(4, 3, 5, 2);
    CrossEntropyOptions options = OPTIONS.withReduction(reduction).withAxis(1);
    NDArray labels = kind.labels(manager, shape, 1);
    for (Supplier<Block> block :
        List.<Supplier<Block>>of(
            () -> BatchNorm.builder().build(),
            () -> PositiveScale.builder().optAxis(1).build(),
            () -> LearnableSoftplus.builder().optAxis(1).build(),
            () -> LearnableSquareplus.builder().build())) {
      List<double[]> stock =
          gradients(
              Engine.getInstance()::newGradientCollector, block, shape, kind, labels, options);
      List<double[]> seeded =
          gradients(SeededLosses::newGradientCollector, block, shape, kind, labels, options);
      for (int i = 0; i < stock.size(); i++) {
        assertArrayEquals(stock.get(i), seeded.get(i), block.get() + " " + i);
      }
    }
  }

  private List<double[]> gradients(
      Supplier<GradientCollector> open,
      Supplier<Block> factory,
      Shape shape,
      CrossEntropyKind kind,
      NDArray labels,
      CrossEntropyOptions options) {
    Block block = factory.get();
    block.initialize(manager, DataType.FLOAT32, shape);
    block.getParameters().forEach(pair -> fill(pair.getValue().getArray()));
    NDArray x = waves(manager, DataType.FLOAT32, shape, 1);
    try (GradientCollector collector = open.get()) {
      NDArray logits =
          block.forward(new ParameterStore(manager, false), new NDList(x), true).singletonOrThrow();
      collector.backward(kind.value(logits, labels, options));
    }
    return block.getParameters().values().stream()
        .map(Parameter::getArray)
        .filter(NDArray::hasGradient)
        .map(array -> doubles(array.getGradient()))
        .toList();
  }

  private void fill(NDArray array) {
    boolean wanted = array.hasGradient();
    array.setRequiresGradient(false);
    array.set(new NDIndex("..."), waves(manager, DataType.FLOAT32, array.getShape(), 3).abs());
    array.setRequiresGradient(wanted);
  }

  @Test
  void specialRowsHaveTheGradientOfTheStockCollector() {
    double inf = Double.POSITIVE_INFINITY;
    NDArray x =
        array(manager, DataType.FLOAT32, new Shape(3, 2), inf, 0, Double.NaN, 1, -inf, -inf);
    NDArray labels = manager.create(new long[] {0, 1, 1});
    for (Reduction reduction : Reduction.values()) {
      CrossEntropyOptions options = OPTIONS.withReduction(reduction);
      assertSameGradient(x, z -> CrossEntropyKind.SPARSE.value(z, labels, options));
      NDArray zero = manager.zeros(new Shape());
      assertSameGradient(x, z -> CrossEntropyKind.SPARSE.value(z, labels, options).mul(zero));
    }
  }

  @Test
  void theLossIsAnArrayLikeAnyOther() {
    NDArray labels = labels();
    try (NDManager batch = manager.newSubManager();
        GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray logits = logits();
      logits.attach(batch);
      NDArray loss = loss(leaf(logits), labels);
      assertSame(batch, loss.getManager());
      // The logits and the loss.
      assertEquals(2, batch.getManagedArrays().size());
      Graphs.assertInside(loss);
      collector.backward(loss);
    }
  }

  @Test
  void aScopeOfTheCallerClosesTheLossAndNothingThatBackwardNeeds() {
    NDArray logits = leaf(logits());
    NDArray labels = labels();
    NDArray expected = CrossEntropyKind.SPARSE.gradient(logits, labels, OPTIONS);
    NDArray loss;
    NDArray total;
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        loss = loss(logits, labels);
        total = loss.add(manager.ones(new Shape()));
        NDScope.unregister(total);
      }
      assertTrue(((PtNDArray) loss).isReleased());
      collector.backward(total);
    }
    assertArrayEquals(doubles(expected), doubles(logits.getGradient()));
  }

  @Test
  void lossesOutsideAnyGraphDoNotWait() {
    NDArray labels = labels();
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray loss = loss(logits(), labels);
      Graphs.assertOutside(loss);
      assertThrows(EngineException.class, () -> collector.backward(loss));
    }
  }

  // ---- threads

  /** That thread has no collector: its loss is a product, whose backward anybody may run. */
  @Test
  void aLossOfAnotherThreadIsAnOrdinaryOne() {
    NDArray labels = labels();
    NDArray expected = CrossEntropyKind.SPARSE.gradient(logits(), labels, OPTIONS);
    NDArray mine = leaf(logits());
    NDArray theirs = leaf(logits());
    NDArray loss;
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray waiting = loss(mine, labels);
      loss = CompletableFuture.supplyAsync(() -> loss(theirs, labels), NEW_THREAD).join();
      CompletableFuture.runAsync(() -> collector.backward(waiting), NEW_THREAD).join();
    }
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(loss);
    }
    Djl.assertSameArray(expected, mine.getGradient());
    Djl.assertSameArray(expected, theirs.getGradient());
  }

  @Test
  void aCollectorThatAnotherThreadClosedTakesNoMoreLosses() {
    NDArray labels = labels();
    GradientCollector closed = SeededLosses.newGradientCollector();
    CompletableFuture.runAsync(closed::close, NEW_THREAD).join();
    closed.close();
    assertSameGradientOfTheStockCollector(labels);
  }

  private void assertSameGradientOfTheStockCollector(NDArray labels) {
    NDArray expected = CrossEntropyKind.SPARSE.gradient(logits(), labels, OPTIONS);
    Djl.assertSameArray(expected, Djl.gradientArray(logits(), leaf -> loss(leaf, labels)));
  }

  // ---- errors

  @Test
  void aTargetThatIsNullOrClosedIsNamed() {
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      assertEquals(
          "target must be an array, got null",
          assertThrows(IllegalArgumentException.class, () -> collector.backward(null))
              .getMessage());
      NDArray loss = loss(leaf(logits()), labels());
      loss.close();
      assertEquals(
          "target must be open, but has been closed",
          assertThrows(IllegalStateException.class, () -> collector.backward(loss)).getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTargetOutsideAnyGraphIsRefusedAsByTheStockCollector(Reduction reduction) {
    NDArray outside = logits().sum();
    String expected;
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      expected = message(() -> collector.backward(outside));
    }
    NDArray logits = leaf(logits());
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      assertEquals(expected, message(() -> collector.backward(outside)));
      CrossEntropyOptions options = OPTIONS.withReduction(reduction);
      NDArray loss = CrossEntropyKind.SPARSE.value(logits, labels(), options);
      assertEquals(expected, message(() -> collector.backward(outside)));
      // The loss still waits.
      collector.backward(loss);
    }
    assertTrue(Djl.doubles(logits.getGradient())[0] != 0);
  }

  private static String message(Runnable backward) {
    // Its first line: the others are addresses.
    return assertThrows(EngineException.class, backward::run).getMessage().lines().toList().get(0);
  }

  @Test
  void aSecondCollectorIsRefusedAsByTheStockOne() {
    NDArray labels = labels();
    NDArray logits = leaf(logits());
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray loss = loss(logits, labels);
      assertThrows(IllegalStateException.class, SeededLosses::newGradientCollector);
      assertThrows(IllegalStateException.class, Engine.getInstance()::newGradientCollector);
      collector.backward(loss);
    }
    assertSameGradientOfTheStockCollector(labels);
  }

  /** Libtorch refuses it where the first one has freed what a layer needs; a leaf needs nothing. */
  /** Seeds are found by the array, not by its elements, which a closed one has not. */
  @Test
  void aLossThatWasClosedIsNotInTheWayOfTheNext() {
    double[] expected = Djl.gradient(logits(), z -> loss(z, labels()));
    NDArray leaf = leaf(logits());
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      loss(leaf, labels()).close();
      collector.backward(loss(leaf, labels()));
    }
    assertArrayEquals(expected, doubles(leaf.getGradient()));
  }

  @Test
  void aSecondBackwardOfALossIsAddedToTheFirst() {
    NDArray logits = leaf(logits());
    NDArray labels = labels();
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray loss = loss(logits, labels);
      collector.backward(loss);
      double[] once = doubles(logits.getGradient());
      collector.backward(loss);
      assertArrayEquals(
          Arrays.stream(once).map(g -> 2 * g).toArray(), doubles(logits.getGradient()));
    }
  }

  @Test
  void aLossOfACollectorThatIsClosedIsLikeAnyOther() {
    NDArray labels = labels();
    NDArray logits = leaf(logits());
    NDArray loss;
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      collector.zeroGradients();
      loss = loss(logits, labels);
    }
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      collector.backward(loss);
    }
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      NDArray other = leaf(logits());
      collector.backward(loss(other, labels));
      assertArrayEquals(doubles(other.getGradient()), doubles(logits.getGradient()));
    }
  }

  @Test
  void aLossThatWasChangedInPlaceIsAnotherTarget() {
    NDArray labels = labels();
    NDArray logits = leaf(logits());
    NDArray penalized = leaf(logits());
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      collector.backward(loss(logits, labels));
      NDArray loss = loss(penalized, labels);
      // A penalty whose value is nothing, but not its gradient.
      loss.addi(penalized.sub(penalized.duplicate()).sum());
      collector.backward(loss);
    }
    double[] expected = Arrays.stream(doubles(logits.getGradient())).map(g -> g + 1).toArray();
    assertArrayEquals(expected, doubles(penalized.getGradient()), 1e-6);
  }

  @Test
  void anErrorBetweenForwardAndBackwardLeavesNoCollectorOpenAndNoArray() {
    NDArray logits = leaf(logits());
    NDArray labels = labels();
    int before = manager.getManagedArrays().size();
    assertThrows(
        UnsupportedOperationException.class,
        () -> {
          try (GradientCollector collector = SeededLosses.newGradientCollector();
              NDArray loss = loss(logits, labels)) {
            collector.zeroGradients();
            assertEquals(1, loss.size());
            throw new UnsupportedOperationException("after the loss");
          }
        });
    assertEquals(before, manager.getManagedArrays().size());
    NDArray bad = manager.create(new long[] {0, 1, 2, 3, 4, 5});
    try (GradientCollector collector = SeededLosses.newGradientCollector()) {
      collector.zeroGradients();
      assertThrows(IllegalArgumentException.class, () -> loss(logits, bad));
    }
    assertEquals(before + 1, manager.getManagedArrays().size());
    assertSameGradientOfTheStockCollector(labels);
  }
}
