package org.stableops.integration.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.loss.Loss;
import java.util.stream.IntStream;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** The frameworks' own softmax cross-entropy, in float32, of rows whose label is 0. */
enum StockLoss {
  DJL {
    @Override
    double[] compute(float[][] rows) {
      Loss loss = Loss.softmaxCrossEntropyLoss();
      try (NDManager manager = NDManager.newBaseManager()) {
        NDArray label = manager.create(new long[] {0});
        // One at a time, for it gives a mean only.
        return IntStream.range(0, rows.length)
            .mapToObj(r -> manager.create(new float[][] {rows[r]}))
            .mapToDouble(z -> loss.evaluate(new NDList(label), new NDList(z)).getFloat())
            .toArray();
      }
    }
  },

  DL4J {
    @Override
    double[] compute(float[][] rows) {
      INDArray z = Nd4j.createFromArray(rows);
      INDArray oneHot = Nd4j.zeros(z.dataType(), z.shape());
      oneHot.getColumn(0).assign(1);
      INDArray losses =
          new LossMCXENT().computeScoreArray(oneHot, z, new ActivationSoftmax(), null);
      return losses.ravel().toDoubleVector();
    }
  };

  abstract double[] compute(float[][] rows);
}
