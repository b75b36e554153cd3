package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A MultiLayerNetwork, the predictions of which DL4J itself runs one after the other. */
final class Dl4jModel implements LoadedModel {
  private final MultiLayerNetwork network;

  private Dl4jModel(MultiLayerNetwork network) {
    this.network = network;
  }

  static Dl4jModel load(Path file) throws IOException {
    return new Dl4jModel(ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false));
  }

  @Override
  public Scorer newScorer() {
    return new Scorer() {
      @Override
      public float[][] score(float[][] rows) {
        try (INDArray features = Nd4j.createFromArray(rows);
            INDArray outputs = network.output(features)) {
          return outputs.toFloatMatrix();
        }
      }

      @Override
      public void close() {
        // It has nothing of its own.
      }
    };
  }

  @Override
  public void close() {
    network.close();
  }
}
