package org.stableops.spark;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** A ZooModel, of which each thread has a Predictor. */
final class DjlModel implements LoadedModel {
  private final ZooModel<NDList, NDList> model;

  private DjlModel(ZooModel<NDList, NDList> model) {
    this.model = model;
  }

  static DjlModel load(Path directory) throws IOException {
    try {
      return new DjlModel(
          Criteria.builder()
              .setTypes(NDList.class, NDList.class)
              .optModelPath(directory)
              .build()
              .loadModel());
    } catch (ModelNotFoundException | MalformedModelException e) {
      throw new IOException("cannot load a DJL model: " + e.getMessage(), e);
    }
  }

  @Override
  public Scorer newScorer() {
    return new PredictorScorer(model.newPredictor(), model.getNDManager().newSubManager());
  }

  @Override
  public void close() {
    model.close();
  }

  private record PredictorScorer(Predictor<NDList, NDList> predictor, NDManager manager)
      implements Scorer {
    @Override
    public float[][] score(float[][] rows) {
      try (NDManager batch = manager.newSubManager()) {
        NDList outputs = predictor.predict(new NDList(batch.create(rows)));
        outputs.attach(batch);
        return matrix(outputs.singletonOrThrow());
      } catch (TranslateException e) {
        throw new IllegalStateException("cannot predict: " + e.getMessage(), e);
      }
    }

    private static float[][] matrix(NDArray outputs) {
      Shape shape = outputs.getShape();
      float[][] rows = new float[(int) shape.get(0)][(int) shape.get(1)];
      FloatBuffer values = FloatBuffer.wrap(outputs.toFloatArray());
      for (float[] row : rows) {
        values.get(row);
      }
      return rows;
    }

    @Override
    public void close() {
      predictor.close();
      manager.close();
    }
  }
}
