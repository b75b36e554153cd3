package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.assertSameArray;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;

/**
 * A fully convolutional network that says of every pixel of a handwritten digit which digit it is
 * part of. A pixel counts as much as there is ink on it: blank ones are never read.
 */
class DjlPixelTrainingTest extends OnBothPaths {
  private static final int SIDE = 8;

  /**
   * Ten digits, and six classes that no pixel has. With ten channels the gradients of DJL's own
   * convolution may be NaN, whatever the loss: oneDNN of libtorch 2.7.1 fills channels up to 16,
   * and its backward pass reads memory there that nobody has written.
   */
  private static final int CLASSES = 16;

  private static final int TRAINING = 1000;
  private static final int HELD_OUT = 400;
  private static final int BATCH = 100;
  private static final int STEPS = 80;

  /** Of round numbers, so that products of them with ink, a multiple of 1/16, are exact. */
  private static final double[] CLASS_WEIGHTS = {
    1, 2, 1, 0.5, 1, 1, 0.75, 1, 1.5, 1, 1, 1, 1, 1, 1, 1
  };

  private static final CrossEntropyOptions WEIGHTED =
      CrossEntropyOptions.DEFAULT.withAxis(1).withClassWeights(CLASS_WEIGHTS);

  /** Some rows of the digits: images (n, 1, 8, 8), labels and ink (n, 8, 8). */
  private record Pixels(NDArray images, NDArray labels, NDArray ink) {
    NDList masked() {
      return new NDList(labels, ink);
    }
  }

  private Pixels pixels(Digits digits, int from, int to) {
    int size = Digits.PIXELS;
    double[] ink = Arrays.copyOfRange(digits.pixels(), from * size, to * size);
    long[] labels = new long[ink.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = digits.labels()[from + i / size];
    }
    Shape shape = new Shape(to - from, SIDE, SIDE);
    NDArray array = array(manager, DataType.FLOAT32, shape, ink);
    return new Pixels(array.expandDims(1), manager.create(labels, shape), array);
  }

  private static Conv2d convolution(int filters, int side) {
    return Conv2d.builder()
        .setKernelShape(new Shape(side, side))
        .optPadding(new Shape(side / 2, side / 2))
        .setFilters(filters)
        .build();
  }

  /** Always with the same weights to begin with. */
  private static Trainer trainer(Model model, Loss loss, Optimizer optimizer) {
    Engine.getInstance().setRandomSeed(7);
    model.setBlock(
        new SequentialBlock()
            .add(convolution(16, 5))
            .add(Activation::relu)
            .add(convolution(16, 5))
            .add(Activation::relu)
            .add(convolution(CLASSES, 5)));
    Trainer trainer = model.newTrainer(new DefaultTrainingConfig(loss).optOptimizer(optimizer));
    trainer.initialize(new Shape(1, 1, SIDE, SIDE));
    return trainer;
  }

  private static Optimizer sgd() {
    return Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.2f)).build();
  }

  private static Optimizer adam() {
    return Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.01f)).build();
  }

  private static double step(Trainer trainer, NDArray images, NDList labels) {
    double result;
    try (NDManager batch = trainer.getManager().newSubManager();
        GradientCollector collector = trainer.newGradientCollector()) {
      // What the network makes belongs to its input's manager.
      NDArray input = images.duplicate();
      input.attach(batch);
      NDList logits = trainer.forward(new NDList(input));
      NDArray loss = trainer.getLoss().evaluate(labels, logits);
      collector.backward(loss);
      result = loss.getFloat();
    }
    trainer.step();
    return result;
  }

  /** The share of the ink on which the largest logit is that of the digit. */
  private static double accuracy(NDArray logits, Pixels pixels) {
    NDArray right =
        logits
            .argMax(1)
            .toType(DataType.INT64, false)
            .eq(pixels.labels())
            .toType(DataType.FLOAT32, false);
    return right.mul(pixels.ink()).sum().getFloat() / pixels.ink().sum().getFloat();
  }

  private Pixels[] batches(Digits digits) {
    Pixels[] batches = new Pixels[TRAINING / BATCH];
    for (int i = 0; i < batches.length; i++) {
      batches[i] = pixels(digits, i * BATCH, (i + 1) * BATCH);
    }
    return batches;
  }

  @Test
  void aNetworkLearnsFromWeightedPixels() throws IOException {
    Digits digits = Digits.load(TRAINING + HELD_OUT);
    Pixels[] batches = batches(digits);
    Pixels heldOut = pixels(digits, TRAINING, TRAINING + HELD_OUT);
    double[] losses = new double[STEPS];
    try (Model model = Model.newInstance("pixels");
        Trainer trainer =
            trainer(
                model, new FusedSoftmaxCrossEntropyLoss(WEIGHTED).withSampleWeights(), adam())) {
      for (int i = 0; i < STEPS; i++) {
        Pixels batch = batches[i % batches.length];
        losses[i] = step(trainer, batch.images(), batch.masked());
      }
      NDArray logits = trainer.evaluate(new NDList(heldOut.images())).singletonOrThrow();
      double accuracy = accuracy(logits, heldOut);
      assertTrue(losses[STEPS - 1] < losses[0] / 3, Arrays.toString(losses));
      assertTrue(accuracy > 0.8, "accuracy " + accuracy);
      assertIsWhatItSays(logits.stopGradient(), heldOut);
    }
  }

  private static void assertIsWhatItSays(NDArray logits, Pixels pixels) {
    assertTheMeanIsThatOfTheRows(logits, pixels);
    assertBlankPixelsAreNeverRead(logits, pixels);
  }

  /** In plain Java, from the loss of each pixel without any weight. */
  private static void assertTheMeanIsThatOfTheRows(NDArray logits, Pixels pixels) {
    CrossEntropyOptions rows =
        CrossEntropyOptions.DEFAULT.withAxis(1).withReduction(Reduction.NONE);
    NDArray wide = logits.toType(DataType.FLOAT64, true);
    double[] losses = doubles(SparseSoftmaxCrossEntropy.value(wide, pixels.labels(), rows));
    double[] ink = doubles(pixels.ink());
    long[] labels = pixels.labels().toLongArray();
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < ink.length; i++) {
      double pixelWeight = ink[i] * CLASS_WEIGHTS[(int) labels[i]];
      sum += pixelWeight * losses[i];
      weight += pixelWeight;
    }
    NDArray mean =
        new FusedSoftmaxCrossEntropyLoss(WEIGHTED)
            .withSampleWeights()
            .evaluate(pixels.masked(), new NDList(logits));
    float expected = (float) (sum / weight);
    assertEquals(expected, mean.getFloat(), Math.ulp(expected));
    assertEquals(
        weight,
        SparseSoftmaxCrossEntropy.evaluate(logits, pixels.labels(), pixels.ink(), WEIGHTED)
            .weight());
  }

  private static void assertBlankPixelsAreNeverRead(NDArray logits, Pixels pixels) {
    NDArray blank = pixels.ink().eq(0).expandDims(1).broadcast(logits.getShape());
    NDArray withNaN = NDArrays.where(blank, logits.zerosLike().div(logits.zerosLike()), logits);
    assertTrue(withNaN.isNaN().any().getBoolean());
    assertSameArray(
        SparseSoftmaxCrossEntropy.value(logits, pixels.labels(), pixels.ink(), WEIGHTED),
        SparseSoftmaxCrossEntropy.value(withNaN, pixels.labels(), pixels.ink(), WEIGHTED));
    assertSameArray(
        SparseSoftmaxCrossEntropy.gradient(logits, pixels.labels(), pixels.ink(), WEIGHTED),
        SparseSoftmaxCrossEntropy.gradient(withNaN, pixels.labels(), pixels.ink(), WEIGHTED));
  }

  private double[] losses(Loss loss, Pixels[] batches, boolean oneHot) {
    double[] losses = new double[30];
    try (Model model = Model.newInstance("pixels");
        // Adam would magnify what tiny gradients are rounded by.
        Trainer trainer = trainer(model, loss, sgd())) {
      for (int i = 0; i < losses.length; i++) {
        Pixels batch = batches[i % batches.length];
        NDArray labels =
            oneHot
                ? batch.labels().oneHot(CLASSES, DataType.FLOAT32).transpose(0, 3, 1, 2)
                : batch.labels();
        losses[i] = step(trainer, batch.images(), new NDList(labels));
      }
    }
    return losses;
  }

  /** Without weights and masks the stock loss is right, but for confident rows. */
  @Test
  void trainingFollowsTheStockLossStepByStep() throws IOException {
    Pixels[] batches = batches(Digits.load(TRAINING));
    double[] stock = losses(new SoftmaxCrossEntropyLoss("stock", 1, 1, false, true), batches, true);
    double[] ours =
        losses(
            new FusedSoftmaxCrossEntropyLoss(CrossEntropyOptions.DEFAULT.withAxis(1)),
            batches,
            false);
    assertTrue(stock[29] < 0.9 * stock[0], Arrays.toString(stock));
    // Four ulp of float32 or less.
    assertArrayEquals(stock, ours, 1e-6);
  }
}
