package org.stableops.djl.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.training.ParameterStore;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The functions without parameters that DJL makes blocks of. Such a block is a lambda that tells
 * nothing but a name, which anybody may give to another function, so they are compared by what they
 * compute.
 */
enum ActivationKind {
  RELU(Activation::reluBlock),
  RELU6(Activation::relu6Block),
  SIGMOID(Activation::sigmoidBlock),
  TANH(Activation::tanhBlock),
  SOFT_PLUS(Activation::softPlusBlock),
  SOFT_SIGN(Activation::softSignBlock),
  SELU(Activation::seluBlock),
  GELU(Activation::geluBlock),
  MISH(Activation::mishBlock),
  IDENTITY(Blocks::identityBlock),
  BATCH_FLATTEN(Blocks::batchFlattenBlock);

  /** Of both signs, and of every branch of the functions. */
  private static final float[] PROBES = {
    -9, -3, -1.25f, -0.5f, -0.1f, 0, 0.1f, 0.5f, 1, 3, 6.5f, 9
  };

  private final Supplier<Block> factory;
  private final String blockName;

  ActivationKind(Supplier<Block> factory) {
    this.factory = factory;
    blockName = ((LambdaBlock) factory.get()).getName();
  }

  /** What DJL calls the block. */
  String blockName() {
    return blockName;
  }

  Block block() {
    return factory.get();
  }

  static Optional<ActivationKind> named(String name) {
    return Arrays.stream(values()).filter(kind -> kind.blockName.equals(name)).findFirst();
  }

  static Optional<ActivationKind> of(LambdaBlock block) {
    return named(block.getName()).filter(kind -> kind.computes(block));
  }

  private boolean computes(LambdaBlock block) {
    try (NDManager manager = NDManager.newBaseManager()) {
      // A flattening block to a given size may be right for one shape.
      return isSame(block, manager.create(PROBES, new Shape(2, 3, 2)))
          && isSame(block, manager.create(PROBES, new Shape(3, 2, 2)));
    } catch (RuntimeException refused) {
      return false;
    }
  }

  private boolean isSame(Block block, NDArray probe) {
    ParameterStore store = new ParameterStore(probe.getManager(), false);
    NDList expected = block().forward(store, new NDList(probe), false);
    NDList actual = block.forward(store, new NDList(probe), false);
    if (actual.size() != 1) {
      return false;
    }
    NDArray e = expected.head();
    NDArray a = actual.head();
    return e.getShape().equals(a.getShape())
        && e.getDataType() == a.getDataType()
        && Arrays.equals(e.toByteArray(), a.toByteArray());
  }
}
