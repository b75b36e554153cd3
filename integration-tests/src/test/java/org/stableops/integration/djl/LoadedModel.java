package org.stableops.integration.djl;

import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The main class of a JVM that knows the directories of saved models, and nothing else of them. */
final class LoadedModel {
  static final Shape INPUT = new Shape(6, 3);

  private LoadedModel() {}

  /** Prints the bits that the model in each directory predicts. */
  public static void main(String[] directories) throws Exception {
    for (String directory : directories) {
      System.out.println("bits " + bits(criteria(Path.of(directory))));
    }
  }

  static Criteria<NDList, NDList> criteria(Path directory) {
    return Criteria.builder().setTypes(NDList.class, NDList.class).optModelPath(directory).build();
  }

  static String bits(Criteria<NDList, NDList> criteria)
      throws IOException, ModelNotFoundException, MalformedModelException, TranslateException {
    try (ZooModel<NDList, NDList> model = criteria.loadModel();
        Predictor<NDList, NDList> predictor = model.newPredictor();
        NDManager manager = NDManager.newBaseManager()) {
      NDArray x = Djl.waves(manager, DataType.FLOAT32, INPUT, 1);
      return bits(predictor.predict(new NDList(x)).singletonOrThrow());
    }
  }

  static String bits(NDArray array) {
    return array.getShape()
        + " "
        + Arrays.hashCode(array.toByteArray())
        + " "
        + Arrays.toString(Arrays.copyOf(array.toFloatArray(), 2));
  }
}
