package org.stableops.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.FusedPath;
import org.stableops.djl.Softplus;
import org.stableops.djl.SparseSoftmaxCrossEntropy;
import org.stableops.djl.Squareplus;

/** Prints how long second derivatives take beside gradients, in turn in one JVM. */
final class Curvatures {
  private static final long[][] LOGITS = {{64, 10}, {8192, 10}, {4096, 1000}};
  private static final long ELEMENTS = 1 << 20;

  private final Pairs pairs = new Pairs("float32", "gradient", "second");

  private Curvatures() {}

  /** Takes "fused" or "composite". */
  public static void main(String[] arguments) {
    boolean isFused = arguments.length == 0 || !arguments[0].equals("composite");
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(isFused));
    Curvatures curvatures = new Curvatures();
    try (NDManager manager = NDManager.newBaseManager()) {
      curvatures.djl(manager);
      curvatures.nd4j();
      curvatures.pairs.print("");
    }
  }

  private void djl(NDManager manager) {
    for (long[] shape : LOGITS) {
      NDArray z = manager.randomNormal(new Shape(shape));
      NDArray v = manager.randomNormal(new Shape(shape));
      NDArray y =
          manager.create(LongStream.range(0, shape[0]).map(row -> row % shape[1]).toArray());
      Runnable gradient = () -> SparseSoftmaxCrossEntropy.gradient(z, y).close();
      String size = " [%d×%d]".formatted(shape[0], shape[1]);
      pairs.add(
          "DJL Hessian × v" + size,
          gradient,
          () -> SparseSoftmaxCrossEntropy.hessianVectorProduct(z, y, v).close());
      pairs.add(
          "DJL diagonal" + size,
          gradient,
          () -> SparseSoftmaxCrossEntropy.hessianDiagonal(z, y).close());
    }
    NDArray x = manager.randomNormal(new Shape(ELEMENTS));
    pairs.add(
        "DJL softplus 2^20",
        () -> Softplus.gradient(x).close(),
        () -> Softplus.secondDerivative(x).close());
    pairs.add(
        "DJL squareplus 2^20",
        () -> Squareplus.gradient(x).close(),
        () -> Squareplus.secondDerivative(x).close());
  }

  private void nd4j() {
    for (long[] shape : LOGITS) {
      INDArray z = Nd4j.randn(DataType.FLOAT, shape);
      INDArray v = Nd4j.randn(DataType.FLOAT, shape);
      INDArray y =
          Nd4j.createFromArray(LongStream.range(0, shape[0]).map(row -> row % shape[1]).toArray());
      Runnable gradient = () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.gradient(z, y).close();
      String size = " [%d×%d]".formatted(shape[0], shape[1]);
      pairs.add(
          "ND4J Hessian × v" + size,
          gradient,
          () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.hessianVectorProduct(z, y, v).close());
      pairs.add(
          "ND4J diagonal" + size,
          gradient,
          () -> org.stableops.nd4j.SparseSoftmaxCrossEntropy.hessianDiagonal(z, y).close());
    }
  }
}
