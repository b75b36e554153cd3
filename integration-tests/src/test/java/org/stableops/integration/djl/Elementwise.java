package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.function.DoubleFunction;
import org.stableops.djl.Softplus;
import org.stableops.djl.SoftplusInverse;
import org.stableops.djl.Squareplus;
import org.stableops.djl.SquareplusInverse;

/** The four elementwise operators, at a parameter that is not the default. */
enum Elementwise {
  SOFTPLUS(
      "Softplus", Softplus::value, Softplus::gradient, Softplus::block, Softplus::gradientBlock),
  SOFTPLUS_INVERSE(
      "SoftplusInverse",
      SoftplusInverse::value,
      SoftplusInverse::gradient,
      SoftplusInverse::block,
      SoftplusInverse::gradientBlock),
  SQUAREPLUS(
      "Squareplus",
      Squareplus::value,
      Squareplus::gradient,
      Squareplus::block,
      Squareplus::gradientBlock),
  SQUAREPLUS_INVERSE(
      "SquareplusInverse",
      SquareplusInverse::value,
      SquareplusInverse::gradient,
      SquareplusInverse::block,
      SquareplusInverse::gradientBlock);

  static final double PARAMETER = 1.7;

  final String publicName;
  private final Function value;
  private final Function gradient;
  private final DoubleFunction<Block> block;
  private final DoubleFunction<Block> gradientBlock;

  @FunctionalInterface
  private interface Function {
    NDArray apply(NDArray x, double parameter);
  }

  Elementwise(
      String publicName,
      Function value,
      Function gradient,
      DoubleFunction<Block> block,
      DoubleFunction<Block> gradientBlock) {
    this.publicName = publicName;
    this.value = value;
    this.gradient = gradient;
    this.block = block;
    this.gradientBlock = gradientBlock;
  }

  NDArray value(NDArray x) {
    return value(x, PARAMETER);
  }

  NDArray value(NDArray x, double parameter) {
    return value.apply(x, parameter);
  }

  NDArray gradient(NDArray x) {
    return gradient(x, PARAMETER);
  }

  NDArray gradient(NDArray x, double parameter) {
    return gradient.apply(x, parameter);
  }

  Block block() {
    return block(PARAMETER);
  }

  Block block(double parameter) {
    return block.apply(parameter);
  }

  Block gradientBlock() {
    return gradientBlock(PARAMETER);
  }

  Block gradientBlock(double parameter) {
    return gradientBlock.apply(parameter);
  }
}
