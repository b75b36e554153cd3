package org.stableops.integration.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.stableops.integration.oracle.ElementwiseFunction;

/** What one writes without this library: the definition, by the host's primitives, in float32. */
enum NaiveFormula {
  DJL {
    @Override
    float[] compute(ElementwiseFunction function, float[] arguments) {
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray x = manager.create(arguments);
        NDArray naive =
            switch (function) {
              case SOFTPLUS_INVERSE -> x.exp().sub(1).log();
              case SQUAREPLUS -> x.add(x.mul(x).add(4).sqrt()).div(2);
              default -> throw new IllegalArgumentException("no picture of " + function);
            };
        return naive.toFloatArray();
      }
    }
  },

  ND4J {
    @Override
    float[] compute(ElementwiseFunction function, float[] arguments) {
      INDArray x = Nd4j.createFromArray(arguments);
      INDArray naive =
          switch (function) {
            case SOFTPLUS_INVERSE -> Transforms.log(Transforms.exp(x).sub(1));
            case SQUAREPLUS -> x.add(Transforms.sqrt(x.mul(x).add(4))).div(2);
            default -> throw new IllegalArgumentException("no picture of " + function);
          };
      return naive.toFloatVector();
    }
  };

  abstract float[] compute(ElementwiseFunction function, float[] arguments);

  double[] compute(ElementwiseFunction function, double[] arguments) {
    float[] narrow = new float[arguments.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) arguments[i];
    }
    float[] naive = compute(function, narrow);
    return IntStream.range(0, naive.length).mapToDouble(i -> naive[i]).toArray();
  }
}
