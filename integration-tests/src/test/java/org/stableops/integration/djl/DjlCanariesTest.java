package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.stableops.integration.NewJvm;

/**
 * What DJL 0.36.0 on PyTorch 2.7.1 does and our code works around. A test that fails here after an
 * upgrade is good news, or a warning: each says which code depends on it.
 */
class DjlCanariesTest {
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray doublesOf(double... values) {
    return array(manager, DataType.FLOAT64, new Shape(values.length), values);
  }

  /** CrossEntropy.compute duplicates its value, which may lie in Java's memory, after toType. */
  @Test
  void toTypeOfTheSameTypeDoesNotCopy() {
    NDArray x = doublesOf(1, 2);
    NDArray copy = x.toType(DataType.FLOAT64, true);
    copy.set(new NDIndex("..."), 7);
    assertEquals(7, x.getDouble(0));
  }

  /** Softplus.compositeValue gives it only −|βx|, where its threshold of 20 is out of reach. */
  @Test
  void softPlusJumpsAboveTwenty() {
    double x = 20.0001;
    double exact = x + Math.log1p(Math.exp(-x));
    double actual = doubles(Activation.softPlus(doublesOf(x)))[0];
    assertEquals(x, actual);
    assertTrue((exact - actual) / Math.ulp(exact) > 100_000);
  }

  /** SoftplusInverse's composite goes by sinh: elu is the host's nearest thing to expm1. */
  @Test
  void eluIsNotExpm1() {
    double x = -1e-10;
    double actual = doubles(Activation.elu(doublesOf(x), 1))[0];
    assertTrue(Math.abs(actual - Math.expm1(x)) / Math.ulp(x) > 100_000, Double.toString(actual));
  }

  /** Autograd.isComputedInGraph asks libtorch in another way. */
  @Test
  void hasGradientIsFalseForWhatWasComputedInAGraph() {
    NDArray leaf = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          assertTrue(leaf.hasGradient());
          assertFalse(leaf.mul(leaf).hasGradient());
        });
  }

  /** Autograd.isComputedInGraph is this. */
  @Test
  void onlyWhatWasComputedInAGraphRefusesToDropItsFlag() {
    NDArray leaf = doublesOf(1, 2);
    NDArray plain = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          NDArray computed = leaf.mul(leaf);
          NDArray view = leaf.reshape(2, 1);
          assertThrows(EngineException.class, () -> drop(computed));
          assertThrows(EngineException.class, () -> drop(view));
          assertDoesNotThrow(() -> drop(plain));
          assertDoesNotThrow(() -> drop(plain.mul(plain)));
          assertDoesNotThrow(() -> drop(computed.stopGradient()));
        });
  }

  private static void drop(NDArray array) {
    JniUtils.attachGradient((PtNDArray) array, false);
  }

  /** Autograd.withValue writes into the product through an alias that no graph watches. */
  @Test
  void aProductMayBeOverwrittenThroughADetachedAlias() {
    NDArray x = doublesOf(2, 3);
    NDArray g = doublesOf(5, 7);
    double[] gradient =
        Djl.gradient(
            x,
            leaf -> {
              NDArray y = leaf.mul(g);
              y.stopGradient().set(new NDIndex("..."), doublesOf(-1, -2));
              assertEquals(-2, doubles(y)[1]);
              return y;
            });
    assertEquals(5, gradient[0]);
    assertEquals(7, gradient[1]);
  }

  /**
   * Gradients asks torch.autograd.grad: a gradient that backward has recorded adds to the leaf's,
   * and as it stays there with a graph that owns the leaf, neither is ever freed.
   */
  @Test
  void aRecordedGradientStaysWithItsLeaf() {
    NDArray leaf = doublesOf(1, 2);
    NDArray v = doublesOf(5, 7);
    leaf.setRequiresGradient(true);
    Graphs.recording(
        () -> {
          NDArray target = leaf.mul(leaf).sum();
          JniUtils.backward((PtNDArray) target, (PtNDArray) target.onesLike(), true, true);
          NDArray product = leaf.getGradient().mul(v).sum();
          JniUtils.backward((PtNDArray) product, (PtNDArray) product.onesLike(), false, false);
          Graphs.assertInside(leaf.getGradient());
        });
    // 2x + 2v, where v's product with the Hessian is 2v.
    assertEquals(12, doubles(leaf.getGradient())[0]);
    assertEquals(18, doubles(leaf.getGradient())[1]);
  }

  /** No operator of ours multiplies by a Number on a differentiable path. */
  @Test
  void theGradientOfAProductWithANumberReadsFreedMemory() throws Exception {
    NewJvm.Result result = ForkedJvm.run(GradientMarathon.class, "host", "8400");
    assertEquals(1, result.exitCode(), result.output());
    assertTrue(result.output().contains("expected"), result.output());
  }

  /** LogSoftmax keeps the digits of both: −4.1223e-9 and 4.1223e-9. */
  @Test
  void theHostsLogSoftmaxOfAConfidentRowIsZeroAndSoIsItsGradient() {
    NDArray x = array(manager, DataType.FLOAT32, new Shape(3), 20, 0, 0);
    // −0 is 0 too.
    assertEquals(0, x.logSoftmax(0).getFloat(0), 0.0);
    NDArray oneHot = array(manager, DataType.FLOAT32, new Shape(3), 1, 0, 0);
    assertEquals(0, Djl.gradient(x, leaf -> leaf.logSoftmax(0).mul(oneHot))[0], 0.0);
  }

  /** FusedSoftmaxCrossEntropyLoss has accumulators of its own. */
  @Test
  void stockAccumulatorsRefuseAFloat64Loss() {
    Loss loss = Loss.softmaxCrossEntropyLoss();
    loss.addAccumulator("train");
    NDList logits = new NDList(array(manager, DataType.FLOAT64, new Shape(1, 2), 1, 2));
    NDList labels = new NDList(manager.create(new long[] {0}));
    assertEquals(
        "DataType mismatch, Required float, Actual float64",
        assertThrows(
                IllegalStateException.class,
                () -> loss.updateAccumulators(new String[] {"train"}, labels, logits))
            .getMessage());
  }

  /** FusedTrainer steps past this check. */
  @Test
  void trainerStepRefusesAFloat64Model() {
    try (Model model = Model.newInstance("float64")) {
      model.setDataType(DataType.FLOAT64);
      model.setBlock(Linear.builder().setUnits(2).build());
      try (Trainer trainer = model.newTrainer(new DefaultTrainingConfig(Loss.l2Loss()))) {
        trainer.initialize(new Shape(1, 2));
        NDArray x = array(manager, DataType.FLOAT64, new Shape(1, 2), 1, 2);
        try (GradientCollector collector = trainer.newGradientCollector()) {
          collector.backward(trainer.forward(new NDList(x)).singletonOrThrow().sum());
        }
        assertEquals(
            "DataType mismatch, Required float, Actual float64",
            assertThrows(IllegalStateException.class, trainer::step).getMessage());
      }
    }
  }

  /** ElementwiseOp.compute gives a scalar to the composites as a vector of one. */
  @Test
  void aNumberMakesAFloat32ScalarFloat64() {
    NDArray scalar = array(manager, DataType.FLOAT32, new Shape(), 1);
    NDArray vector = array(manager, DataType.FLOAT32, new Shape(1), 1);
    assertEquals(DataType.FLOAT64, scalar.mul(0.5).getDataType());
    assertEquals(DataType.FLOAT64, scalar.add(0.5).getDataType());
    assertEquals(DataType.FLOAT32, vector.mul(0.5).getDataType());
  }

  /** Fused.elements writes through the buffer of a contiguous array, and only reads any other. */
  @Test
  void theDirectBufferOfANonContiguousArrayIsACopy() {
    NDArray matrix = array(manager, DataType.FLOAT32, new Shape(2, 2), 1, 2, 3, 4);
    FloatBuffer contiguous = matrix.toByteBuffer(true).asFloatBuffer();
    FloatBuffer transposed = matrix.transpose().toByteBuffer(true).asFloatBuffer();
    contiguous.put(0, 10);
    transposed.put(1, -3);
    assertEquals(10, matrix.getFloat(0, 0));
    assertEquals(3, matrix.getFloat(1, 0));
  }

  /** SeedingCollector.zeroGradients closes them. */
  @Test
  void zeroGradientsLeavesTwoArraysAGradient() {
    NDArray leaf = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    int before = manager.getManagedArrays().size();
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
    }
    assertEquals(before + 2, manager.getManagedArrays().size());
  }

  /** By which SeedingCollector knows a loss that was changed in place. */
  @Test
  void operationsInPlaceChangeTheNameOfTheGradientFunction() {
    NDArray leaf = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      PtNDArray loss = (PtNDArray) leaf.dot(doublesOf(3, 4));
      assertEquals("DotBackward0", JniUtils.getGradientFunctionNames(loss));
      loss.addi(doublesOf(1).sum());
      assertEquals("AddBackward0", JniUtils.getGradientFunctionNames(loss));
    }
  }

  /** Autograd.isInGraph asks in this way. */
  @Test
  void anArrayOfAGraphHasNoFlagEvenWhenItIsSet() {
    NDArray leaf = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      PtNDArray computed = (PtNDArray) leaf.mul(doublesOf(3, 4));
      assertFalse(JniUtils.requiresGrad(computed));
      JniUtils.attachGradient(computed, true);
      assertFalse(JniUtils.requiresGrad(computed));
      PtNDArray plain = (PtNDArray) doublesOf(1, 2);
      JniUtils.attachGradient(plain, true);
      assertTrue(JniUtils.requiresGrad(plain));
    }
  }

  /** Whoever reads gradients in a loop must close the handles. */
  @Test
  void getGradientMakesANewHandleAtEachCall() {
    NDArray leaf = doublesOf(1, 2);
    leaf.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(leaf.sum());
    }
    int before = manager.getManagedArrays().size();
    PtNDArray first = (PtNDArray) leaf.getGradient();
    PtNDArray second = (PtNDArray) leaf.getGradient();
    assertNotSame(first, second);
    assertNotEquals(first.getHandle(), second.getHandle());
    assertEquals(before + 2, manager.getManagedArrays().size());
    // The same memory behind both.
    first.subi(first);
    assertEquals(0, doubles(second)[0]);
  }
}
