package org.stableops.nd4j.activations;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.nd4j.internal.Halves;

/** The backward pass of an activation without parameters. */
final class Backprop {
  private Backprop() {}

  /** Upstream times a gradient; in float for half types, and rounded once. */
  static Pair<INDArray, INDArray> product(
      INDArray in, INDArray upstream, UnaryOperator<INDArray> gradient) {
    boolean isWide = Halves.wideType(in.dataType()) == in.dataType();
    INDArray product = isWide ? gradient.apply(in).muli(upstream) : rounded(in, upstream, gradient);
    return new Pair<>(product, null);
  }

  private static INDArray rounded(
      INDArray in, INDArray upstream, UnaryOperator<INDArray> gradient) {
    List<INDArray> temporaries = new ArrayList<>();
    try {
      temporaries.add(in.castTo(DataType.FLOAT));
      temporaries.add(upstream.castTo(DataType.FLOAT));
      temporaries.add(gradient.apply(temporaries.get(0)));
      return temporaries.get(2).muli(temporaries.get(1)).castTo(in.dataType());
    } finally {
      // What lives in a workspace is the workspace's.
      temporaries.stream().filter(INDArray::closeable).forEach(INDArray::close);
    }
  }
}
