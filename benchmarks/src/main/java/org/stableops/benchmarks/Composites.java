package org.stableops.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import java.util.stream.LongStream;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.FusedPath;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy;

/**
 * Prints how long calls take on the composite path, which arrays on a GPU take, and how long the
 * host's own: in turn in one JVM, on the CPU.
 */
final class Composites {
  private static final long[][] LOGITS = {{64, 10}, {8192, 10}, {4096, 1000}};
  private static final int[] EXPONENTS = {10, 20};

  private final Pairs pairs = new Pairs("composite");

  private Composites() {}

  /** Takes a regular expression that is found in the rows wanted; else all are. */
  public static void main(String[] arguments) {
    System.setProperty(FusedPath.PROPERTY, "false");
    try (NDManager manager = NDManager.newBaseManager()) {
      Composites composites = new Composites();
      composites.djlLosses(manager);
      composites.djlElementwise(manager);
      composites.nd4j();
      composites.pairs.print(arguments.length == 0 ? "" : arguments[0]);
    }
  }

  private void add(String row, Runnable ours, Runnable hosts) {
    pairs.add(row, ours, hosts);
  }

  private void djlLosses(NDManager manager) {
    Loss ours = new FusedSoftmaxCrossEntropyLoss();
    Loss hosts = Loss.softmaxCrossEntropyLoss();
    for (long[] shape : LOGITS) {
      NDArray logits = manager.randomNormal(new Shape(shape));
      NDArray leaf = logits.duplicate();
      leaf.setRequiresGradient(true);
      NDArray labels =
          manager.create(LongStream.range(0, shape[0]).map(row -> row % shape[1]).toArray());
      String size = " [%d×%d]".formatted(shape[0], shape[1]);
      add(
          "DJL cross-entropy, value" + size,
          () -> value(ours, labels, logits),
          () -> value(hosts, labels, logits));
      add(
          "DJL cross-entropy, value and backward" + size,
          () -> step(ours, labels, leaf),
          () -> step(hosts, labels, leaf));
    }
  }

  /** In a scope, for the host's loss leaves temporaries to the logits' manager. */
  private static void value(Loss loss, NDArray labels, NDArray logits) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      loss.evaluate(new NDList(labels), new NDList(logits));
    }
  }

  private static void step(Loss loss, NDArray labels, NDArray leaf) {
    try (NDScope scope = new NDScope();
        GradientCollector collector = Engine.getInstance().newGradientCollector();
        NDArray value = loss.evaluate(new NDList(labels), new NDList(leaf))) {
      scope.suppressNotUsedWarning();
      collector.backward(value);
      leaf.getGradient().close();
    }
  }

  private void djlElementwise(NDManager manager) {
    for (int exponent : EXPONENTS) {
      NDArray x = manager.randomUniform(0.1f, 4, new Shape(1 << exponent));
      Runnable hosts = () -> Activation.softPlus(x).close();
      String size = ", 2^" + exponent;
      add("DJL softplus" + size, () -> org.stableops.djl.Softplus.value(x).close(), hosts);
      add("DJL squareplus" + size, () -> org.stableops.djl.Squareplus.value(x).close(), hosts);
      add(
          "DJL softplusInverse" + size,
          () -> org.stableops.djl.SoftplusInverse.value(x).close(),
          hosts);
    }
  }

  private void nd4j() {
    INDArray x = Nd4j.rand(DataType.FLOAT, 1 << 20).muli(4).addi(0.1);
    Runnable hosts = () -> Transforms.softPlus(x, true).close();
    add("ND4J softplus, 2^20", () -> org.stableops.nd4j.Softplus.value(x).close(), hosts);
    add("ND4J squareplus, 2^20", () -> org.stableops.nd4j.Squareplus.value(x).close(), hosts);
    add(
        "ND4J softplusInverse, 2^20",
        () -> org.stableops.nd4j.SoftplusInverse.value(x).close(),
        hosts);
    INDArray logits = Nd4j.randn(DataType.FLOAT, 4096, 1000);
    INDArray labels = Nd4j.zeros(DataType.FLOAT, 4096, 1000);
    for (int row = 0; row < 4096; row++) {
      labels.putScalar(row, row % 1000, 1);
    }
    ILossFunction ours = new LossFusedSoftmaxCrossEntropy();
    ILossFunction mcxent = new LossMCXENT();
    add(
        "DL4J score and gradient [4096×1000]",
        () -> step(ours, labels, logits, new ActivationIdentity()),
        () -> step(mcxent, labels, logits, new ActivationSoftmax()));
  }

  private static void step(
      ILossFunction loss, INDArray labels, INDArray logits, IActivation activation) {
    loss.computeGradientAndScore(labels, logits, activation, null, true).getSecond().close();
  }
}
