package org.stableops.integration.djl;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import ai.djl.nn.ParallelBlock;
import java.util.List;
import org.stableops.djl.nn.BlockKind;
import org.stableops.djl.nn.BlockSettings;

/** A class of blocks as a user would write it; in META-INF/services of the tests. */
public final class ResidualKind implements BlockKind<ResidualKind.Residual> {

  /** The first branch's result times a scale, plus the second's. */
  static final class Residual extends ParallelBlock {
    private final double scale;

    Residual(List<Block> branches, double scale) {
      super(list -> sum(list.get(0).singletonOrThrow(), list.get(1), scale), branches);
      this.scale = scale;
    }

    private static NDList sum(NDArray x, NDList y, double scale) {
      NDArray factor = x.getManager().full(x.getShape(), (float) scale);
      return new NDList(x.mul(factor).add(y.singletonOrThrow()));
    }
  }

  @Override
  public Class<Residual> type() {
    return Residual.class;
  }

  @Override
  public void write(Residual block, BlockSettings settings) {
    settings.put("scale", block.scale);
    settings.putBlocks("branches", block.getChildren().values());
  }

  @Override
  public Residual read(BlockSettings settings) throws MalformedModelException {
    return new Residual(settings.blocks("branches"), settings.number("scale", 0, 10));
  }
}
