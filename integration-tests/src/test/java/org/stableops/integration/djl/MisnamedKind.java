package org.stableops.integration.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import org.stableops.djl.nn.BlockKind;
import org.stableops.djl.nn.BlockSettings;

/** A class of blocks that takes the name of another; in META-INF/services of the tests. */
public final class MisnamedKind implements BlockKind<MisnamedKind.Misnamed> {

  /** Nothing but its class. */
  static final class Misnamed extends SequentialBlock {
    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
      return inputs;
    }
  }

  @Override
  public Class<Misnamed> type() {
    return Misnamed.class;
  }

  @Override
  public String name() {
    return "Linear";
  }

  @Override
  public void write(Misnamed block, BlockSettings settings) {
    // It has no settings.
  }

  @Override
  public Misnamed read(BlockSettings settings) {
    return new Misnamed();
  }
}
