package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import ai.djl.translate.NoopTranslator;
import java.util.Map;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.integration.djl.DjlTraining;
import org.stableops.integration.nd4j.Nd4jTraining;

/** One model, many threads that ask it: the answers that one thread gets. */
class SharedModelsTest {
  private static final int THREADS = 8;
  private static final int BATCHES = 8;
  private static final int ROUNDS = 3;

  /** An answer to a batch of pixels, by its number. */
  @FunctionalInterface
  private interface Answer {
    float[] to(int batch) throws Exception;
  }

  /** Every thread asks for every batch, in an order of its own. */
  private static void check(float[][] expected, int thread, Answer answer) throws Exception {
    for (int i = 0; i < ROUNDS * BATCHES; i++) {
      int batch = (i * (2 * thread + 1) + thread) % BATCHES;
      assertArrayEquals(expected[batch], answer.to(batch));
    }
  }

  private static float[][] alone(Answer answer) throws Exception {
    float[][] expected = new float[BATCHES][];
    for (int batch = 0; batch < BATCHES; batch++) {
      expected[batch] = answer.to(batch);
    }
    return expected;
  }

  // ---- DJL

  private static NDList pixels(NDManager manager, int batch) {
    float[] pixels = Nd4jTraining.pixels(batch).data().asFloat();
    return new NDList(manager.create(pixels, new Shape(pixels.length / 64, 64)));
  }

  private static float[] predicted(Predictor<NDList, NDList> predictor, int batch)
      throws Exception {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray logits = predictor.predict(pixels(manager, batch)).singletonOrThrow();
      float[] numbers = logits.toFloatArray();
      logits.close();
      return numbers;
    }
  }

  @Test
  void djlPredictorsOneAThreadOfOneModel() throws Exception {
    try (Model model = Model.newInstance("digits")) {
      model.setBlock(DjlTraining.network());
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 64));
      float[][] expected;
      try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
        expected = alone(batch -> predicted(predictor, batch));
      }
      int arrays = model.getNDManager().getManagedArrays().size();
      Together.run(
          THREADS,
          thread -> {
            try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
              check(expected, thread, batch -> predicted(predictor, batch));
            }
          });
      assertEquals(arrays, model.getNDManager().getManagedArrays().size());
    }
  }

  @Test
  void djlBlocksOfOneModelByAllThreads() throws Exception {
    try (Model model = Model.newInstance("digits")) {
      model.setBlock(DjlTraining.network());
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 64));
      ParameterStore store = new ParameterStore(model.getNDManager(), false);
      Answer answer =
          batch -> {
            try (NDManager manager = NDManager.newBaseManager()) {
              NDList pixels = pixels(manager, batch);
              return model.getBlock().forward(store, pixels, false).get(0).toFloatArray();
            }
          };
      float[][] expected = alone(answer);
      int arrays = model.getNDManager().getManagedArrays().size();
      Together.run(THREADS, thread -> check(expected, thread, answer));
      assertEquals(arrays, model.getNDManager().getManagedArrays().size());
    }
  }

  // ---- DL4J and SameDiff

  /** DL4J's output and fit hold the network's lock, so threads may share one: they take turns. */
  @Test
  void dl4jOneNetworkByAllThreads() throws Exception {
    MultiLayerNetwork network = Nd4jTraining.network(WorkspaceMode.ENABLED, CacheMode.NONE);
    Answer answer = batch -> network.output(Nd4jTraining.pixels(batch)).data().asFloat();
    float[][] expected = alone(answer);
    Together.run(THREADS, thread -> check(expected, thread, answer));
  }

  /** What does not take turns is a copy a thread. */
  @Test
  void dl4jCopiesOneAThread() throws Exception {
    MultiLayerNetwork network = Nd4jTraining.network(WorkspaceMode.ENABLED, CacheMode.NONE);
    float[][] expected =
        alone(batch -> network.output(Nd4jTraining.pixels(batch)).data().asFloat());
    Together.run(
        THREADS,
        thread -> {
          MultiLayerNetwork copy = network.clone();
          check(
              expected, thread, batch -> copy.output(Nd4jTraining.pixels(batch)).data().asFloat());
        });
  }

  @Test
  void samediffOneGraphByAllThreads() throws Exception {
    SameDiff graph = Nd4jTraining.graph();
    Answer answer =
        batch -> {
          Map<String, INDArray> inputs = Map.of("x", Nd4jTraining.pixels(batch));
          return graph.output(inputs, "logits").get("logits").data().asFloat();
        };
    float[][] expected = alone(answer);
    Together.run(THREADS, thread -> check(expected, thread, answer));
  }
}
