package org.stableops.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.stableops.nd4j.weights.PositiveWeights;

/** The example program's results are those of one machine, on any master. */
abstract class OnSpark {
  private static final int BATCH = 64;

  /** A task's answer: when it ran, what it counted; never its rows, of which each has 100 bytes. */
  private static final int MOST_RESULT_BYTES = 4096;

  @TempDir Path directory;

  abstract String master();

  /** Whose tasks there are. */
  abstract List<String> executors();

  @ParameterizedTest
  @ValueSource(strings = {"JavaSerializer", "KryoSerializer"})
  void trainsAsOneMachineDoes(String serializer) throws Exception {
    OneMachine oneMachine = OneMachine.get();
    Path model = directory.resolve("digits.zip");
    Submission submission =
        Submission.run(
            directory,
            master(),
            List.of("spark.serializer=org.apache.spark.serializer." + serializer),
            trainingArguments(oneMachine, model));

    MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(model.toFile(), true);
    assertBitsEqual(oneMachine.network.params(), trained.params());
    assertBitsEqual(
        oneMachine.network.getUpdater().getStateViewArray(),
        trained.getUpdater().getStateViewArray());
    assertTrue(PositiveWeights.get(trained.getLayer(1), "W").minNumber().doubleValue() > 0);
    assertMeasuredAs(oneMachine, submission);
    assertEquals(executors(), List.copyOf(submission.events().executors()));
  }

  private static String[] trainingArguments(OneMachine oneMachine, Path model) {
    Training training = OneMachine.TRAINING;
    return arguments(
        "train",
        Map.of(
            "data", oneMachine.training.path(),
            "test", oneMachine.test.path(),
            "model", model,
            "workers", training.workers(),
            "epochs", training.epochs(),
            "batch-size", training.batchSize(),
            "averaging-frequency", training.averagingFrequency(),
            "learning-rate", training.learningRate(),
            "seed", training.seed()));
  }

  private static String[] arguments(String command, Map<String, Object> options) {
    List<String> arguments = new ArrayList<>(List.of(command));
    options.forEach((name, value) -> arguments.addAll(List.of("--" + name, value.toString())));
    return arguments.toArray(String[]::new);
  }

  private static void assertBitsEqual(INDArray expected, INDArray actual) {
    assertArrayEquals(bits(expected.toFloatVector()), bits(actual.toFloatVector()));
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  /** To the last digit that the program prints: executors sum losses in another order. */
  private static void assertMeasuredAs(OneMachine oneMachine, Submission submission) {
    List<DataSet> digits =
        oneMachine.test.lines().stream().map(line -> Digit.parse(line).dataSet()).toList();
    DataSet test = DataSet.merge(digits);
    Evaluation evaluation = new Evaluation();
    evaluation.eval(test.getLabels(), oneMachine.network.output(test.getFeatures()));
    var printed = submission.printed("On .*: loss ([\\d.]+), accuracy ([\\d.]+) %");
    assertEquals(oneMachine.network.score(test), Double.parseDouble(printed.group(1)), 1.1e-6);
    assertEquals(percent(evaluation.accuracy()), printed.group(2));
    assertTrue(evaluation.accuracy() > 0.8, () -> "accuracy: " + evaluation.accuracy());
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f", 100 * share);
  }

  @ParameterizedTest
  @EnumSource(ModelKind.class)
  void scoresAsOneMachineDoes(ModelKind kind) throws Exception {
    OneMachine oneMachine = OneMachine.get();
    Path output = directory.resolve("scored");
    Submission submission =
        Submission.run(directory, master(), List.of(), scoringArguments(oneMachine, kind, output));

    List<List<String>> parts = parts(output);
    List<String> scored = parts.stream().flatMap(List::stream).toList();
    assertEquals(expected(oneMachine, kind, parts), scored);
    long right = scored.stream().filter(Prediction::isRight).count();
    assertEquals(
        percent((double) right / scored.size()),
        submission.printed("Scored 1500 rows to .*, accuracy ([\\d.]+) %").group(1));
    assertLoadedOnceAndNothingCollected(submission);
  }

  private static String[] scoringArguments(OneMachine oneMachine, ModelKind kind, Path output) {
    return arguments(
        "score-" + kind.name().toLowerCase(Locale.ROOT),
        Map.of(
            "data",
            oneMachine.training.path(),
            "model",
            oneMachine.model(kind),
            "output",
            output,
            "partitions",
            5,
            "batch-size",
            BATCH));
  }

  private static List<List<String>> parts(Path output) throws IOException {
    List<List<String>> parts = new ArrayList<>();
    try (Stream<Path> files = Files.list(output)) {
      for (Path file :
          files
              .filter(each -> each.getFileName().toString().startsWith("part-"))
              .sorted()
              .toList()) {
        parts.add(Files.readAllLines(file));
      }
    }
    return parts;
  }

  /** A part's lines are those of the data in their order; the model gets them in batches. */
  private static List<String> expected(
      OneMachine oneMachine, ModelKind kind, List<List<String>> parts) throws Exception {
    List<Digit> digits = oneMachine.training.lines().stream().map(Digit::parse).toList();
    List<List<Digit>> batches = new ArrayList<>();
    int start = 0;
    for (List<String> part : parts) {
      int end = start + part.size();
      for (; start < end; start += Math.min(BATCH, end - start)) {
        batches.add(digits.subList(start, Math.min(start + BATCH, end)));
      }
    }
    assertEquals(digits.size(), start);
    List<String> lines = new ArrayList<>();
    List<float[][]> outputs = oneMachine.predict(kind, batches);
    for (int batch = 0; batch < batches.size(); batch++) {
      for (int row = 0; row < batches.get(batch).size(); row++) {
        Digit digit = batches.get(batch).get(row);
        lines.add(new Prediction(digit.label(), outputs.get(batch)[row]).line());
      }
    }
    return lines;
  }

  private void assertLoadedOnceAndNothingCollected(Submission submission) {
    String loaded = submission.printed("Model loaded on executors \\[(.*)]").group(1);
    List<String> loads = List.of(loaded.split(", "));
    assertEquals(executors(), List.copyOf(new TreeSet<>(loads)));
    assertEquals(executors().size(), loads.size(), "loads: " + loads);
    EventLog events = submission.events();
    System.out.printf(
        "%s: model loaded on %s, %d tasks, results of at most %d bytes%n",
        master(), loads, events.tasks().size(), events.mostResultBytes());
    assertEquals(executors(), List.copyOf(events.executors()));
    assertTrue(events.tasks().stream().allMatch(EventLog.Task::succeeded));
    assertTrue(
        events.mostResultBytes() <= MOST_RESULT_BYTES,
        () -> "a result: " + events.mostResultBytes());
  }
}
