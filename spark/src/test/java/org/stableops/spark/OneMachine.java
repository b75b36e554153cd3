package org.stableops.spark;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.factory.Nd4j;

/** What a cluster's results are compared with: the same work in this JVM, by the hosts' own API. */
final class OneMachine {
  /** Two workers, an epoch of four averages. */
  static final Training TRAINING = new Training(2, 3, 16, 10, 0.02, 1);

  private static OneMachine instance;

  final DigitsFile training;
  final DigitsFile test;
  final MultiLayerNetwork network;
  private final Path dl4j;
  private final Path djl;

  private OneMachine(Path directory) throws Exception {
    training = DigitsFile.write(directory.resolve("training.csv"), 0, 1500);
    test = DigitsFile.write(directory.resolve("test.csv"), 1500, 1797);
    network = AveragedTraining.run(TRAINING, training.halves());
    dl4j = directory.resolve("digits.zip");
    ModelSerializer.writeModel(network, dl4j.toFile(), true);
    djl = directory.resolve("djl");
    ToDjlCommand.write(network, djl);
  }

  /** Trained once, for all tests. */
  static synchronized OneMachine get() throws Exception {
    if (instance == null) {
      Path directory = Path.of("target", "one-machine").toAbsolutePath();
      instance = new OneMachine(Files.createDirectories(directory));
    }
    return instance;
  }

  Path model(ModelKind kind) {
    return kind == ModelKind.DL4J ? dl4j : djl;
  }

  /** The outputs for each batch of digits. */
  List<float[][]> predict(ModelKind kind, List<List<Digit>> batches) throws Exception {
    List<float[][]> rows =
        batches.stream()
            .map(batch -> batch.stream().map(Digit::pixels).toArray(float[][]::new))
            .toList();
    return kind == ModelKind.DL4J ? predictDl4j(rows) : predictDjl(rows);
  }

  private List<float[][]> predictDl4j(List<float[][]> batches) {
    return batches.stream()
        .map(batch -> network.output(Nd4j.create(batch)).toFloatMatrix())
        .toList();
  }

  private List<float[][]> predictDjl(List<float[][]> batches) throws Exception {
    List<float[][]> outputs = new ArrayList<>();
    try (ZooModel<NDList, NDList> model =
            Criteria.builder()
                .setTypes(NDList.class, NDList.class)
                .optModelPath(djl)
                .build()
                .loadModel();
        Predictor<NDList, NDList> predictor = model.newPredictor();
        NDManager manager = NDManager.newBaseManager()) {
      for (float[][] batch : batches) {
        NDArray logits = predictor.predict(new NDList(manager.create(batch))).singletonOrThrow();
        float[][] rows = new float[batch.length][];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = logits.get(i).toFloatArray();
        }
        outputs.add(rows);
      }
    }
    return outputs;
  }
}
