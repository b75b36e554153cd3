package org.stableops.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.function.UnaryOperator;

/** An operator on an array of DJL, each call behind a matrix product of the host. */
final class DjlBehindProduct implements Loop {
  private static final int SIDE = 256;

  private final NDManager manager = NDManager.newBaseManager();
  private final NDArray factor;
  private final NDArray x;
  private final UnaryOperator<NDArray> operator;

  DjlBehindProduct(float[] elements, Shape shape, UnaryOperator<NDArray> operator) {
    factor = manager.randomUniform(-1, 1, new Shape(SIDE, SIDE), DataType.FLOAT32);
    x = manager.create(elements, shape);
    this.operator = operator;
  }

  @Override
  public void step(Laps laps) {
    factor.matMul(factor).close();
    laps.begin();
    operator.apply(x).close();
    laps.end();
  }

  @Override
  public void close() {
    manager.close();
  }
}
