package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.nn.Block;

/**
 * A class of blocks of your own, so that {@link StableOpsBlockFactory} saves and loads networks
 * with them. {@link java.util.ServiceLoader} finds it, when a network is saved and when it is
 * loaded: make it a public class with a public constructor without parameters, and name it in the
 * file {@code META-INF/services/org.stableops.djl.nn.BlockKind}.
 *
 * <p>A function that a LambdaBlock or ParallelBlock is made of cannot be read: derive a class from
 * it that knows its function.
 *
 * <pre>{@code
 * class Residual extends ParallelBlock {
 *   Residual(List<Block> branches) {
 *     super(list -> new NDList(list.get(0).head().add(list.get(1).head())), branches);
 *   }
 * }
 *
 * class ResidualKind implements BlockKind<Residual> {
 *   @Override
 *   public Class<Residual> type() {
 *     return Residual.class;
 *   }
 *
 *   @Override
 *   public void write(Residual block, BlockSettings settings) {
 *     settings.putBlocks("branches", block.getChildren().values());
 *   }
 *
 *   @Override
 *   public Residual read(BlockSettings settings) throws MalformedModelException {
 *     return new Residual(settings.blocks("branches"));
 *   }
 * }
 * }</pre>
 *
 * @param <B> the class
 */
public interface BlockKind<B extends Block> {
  /**
   * Returns the class of the blocks.
   *
   * @return the class; blocks of classes derived from it are of another kind
   */
  Class<B> type();

  /**
   * Returns the name of this kind in saved files. If the class is renamed, keep returning the old
   * name.
   *
   * @return the name of the class, unless overridden
   */
  default String name() {
    return type().getName();
  }

  /**
   * Writes what a block is made of.
   *
   * @param block whose parameters are initialized
   * @param settings to be put in
   */
  void write(B block, BlockSettings settings);

  /**
   * Makes a block of what was written. The file may be untrusted: validate every setting,
   * especially sizes.
   *
   * @param settings to be asked for
   * @return a new block, without parameters
   * @throws MalformedModelException if the settings are invalid
   */
  B read(BlockSettings settings) throws MalformedModelException;
}
