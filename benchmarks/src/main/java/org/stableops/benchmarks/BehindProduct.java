package org.stableops.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Calls of a contestant, each behind a matrix product of the host, whose threads still spin then,
 * and whose operands lie in the caches. The product is not part of what is measured.
 *
 * @param contestant is measured
 * @param product is run before
 * @param release frees the product's factor
 */
record BehindProduct(Contestant contestant, Runnable product, Runnable release) implements Loop {
  private static final int SIDE = 256;

  /** Behind a product of libtorch. */
  static Loop inDjl(Contestant contestant) {
    NDManager manager = NDManager.newBaseManager();
    NDArray factor = manager.randomUniform(-1, 1, new Shape(SIDE, SIDE), DataType.FLOAT32);
    return new BehindProduct(contestant, () -> factor.matMul(factor).close(), manager::close);
  }

  /** Behind a product of ND4J. */
  static Loop inNd4j(Contestant contestant) {
    INDArray factor = Nd4j.rand(SIDE, SIDE);
    return new BehindProduct(contestant, () -> factor.mmul(factor).close(), factor::close);
  }

  @Override
  public void step(Laps laps) {
    product.run();
    laps.begin();
    contestant.run();
    laps.end();
  }

  @Override
  public void close() {
    contestant.close();
    release.run();
  }
}
