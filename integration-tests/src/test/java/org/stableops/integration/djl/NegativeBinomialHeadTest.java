package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.Refusals.assertRefusedWith;
import static org.stableops.integration.djl.Djl.array;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.CountEvaluation;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.djl.Squareplus;
import org.stableops.djl.loss.FusedNegativeBinomialLoss;
import org.stableops.djl.nn.NegativeBinomialHead;
import org.stableops.djl.nn.StableOpsBlockFactory;
import org.stableops.djl.training.FusedTrainer;
import org.stableops.integration.data.Sprays;

/** Networks that end with means and one inverse dispersion for each output: insects by spray. */
class NegativeBinomialHeadTest {
  private static final int STEPS = 2000;
  private static final Sprays SPRAYS = Sprays.read();

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private static NegativeBinomialHead head() {
    return NegativeBinomialHead.builder()
        .setUnits(1)
        .optBias(false)
        .optTransform(PositiveTransform.exp())
        .build();
  }

  private static DefaultTrainingConfig config(FusedNegativeBinomialLoss loss) {
    Tracker fading =
        Tracker.factor().setBaseValue(0.1f).setFactor(0.997f).optMaxUpdates(STEPS).build();
    return new DefaultTrainingConfig(loss)
        .optOptimizer(Optimizer.adam().optBeta2(0.99f).optLearningRateTracker(fading).build());
  }

  private NDArray features() {
    return array(manager, DataType.FLOAT32, new Shape(SPRAYS.counts().length, 6), SPRAYS.flat());
  }

  private NDList labels() {
    Shape shape = new Shape(SPRAYS.counts().length);
    return new NDList(array(manager, DataType.FLOAT32, shape, SPRAYS.counts()));
  }

  private ArrayDataset insects() {
    return new ArrayDataset.Builder()
        .setData(features())
        .optLabels(labels().head())
        .setSampling(SPRAYS.counts().length, false)
        .build();
  }

  /** By DJL's own loop; the estimates are those of 30-digit arithmetic. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void meansAndDispersionAreLearnedTogether(boolean isFused) throws Exception {
    Engine.getInstance().setRandomSeed(7);
    FusedNegativeBinomialLoss loss =
        new FusedNegativeBinomialLoss(CountOptions.DEFAULT.withFullLikelihood());
    NegativeBinomialHead head = head();
    try (Model model = Model.newInstance("insects")) {
      model.setBlock(head);
      DefaultTrainingConfig config = config(loss);
      try (Trainer trainer = isFused ? new FusedTrainer(model, config) : model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 6));
        EasyTrain.fit(trainer, STEPS, insects(), null);
        NDArray raw = trainer.evaluate(new NDList(manager.eye(6))).get(0);
        double[] means = SPRAYS.means();
        for (int spray = 0; spray < 6; spray++) {
          assertEquals(means[spray], Math.exp(raw.getFloat(spray, 0)), 2e-3 * means[spray]);
        }
        assertEquals(28.0995072, head.inverseDispersion().value()[0], 0.3);
        try (CountEvaluation<NDArray> fit =
            loss.evaluateCounts(labels(), trainer.evaluate(new NDList(features())))) {
          assertEquals(180.108942 / 72, fit.loss().getFloat(), 1e-5);
          assertEquals(74.1449683, fit.deviance(), 0.2);
        }
      }
    }
  }

  @Test
  void aDescribedNetworkIsWhatItWas(@TempDir Path directory) throws Exception {
    NegativeBinomialHead head =
        NegativeBinomialHead.builder()
            .setUnits(2)
            .optTransform(PositiveTransform.exp().withLowerBound(0.5))
            .optValues(new Shape(2), 3, 0.75f)
            .build();
    NDArray x = manager.create(new float[] {1, -2, 0.5f, 4, 0, 2}, new Shape(2, 3));
    NDList expected;
    try (Model model = Model.newInstance("network")) {
      model.setBlock(new SequentialBlock().add(Squareplus.block()).add(head));
      model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 3));
      StableOpsBlockFactory.save(model, directory, "network");
      try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator())) {
        expected = predictor.predict(new NDList(x));
      }
    }
    Criteria<NDList, NDList> criteria =
        Criteria.builder().setTypes(NDList.class, NDList.class).optModelPath(directory).build();
    try (ZooModel<NDList, NDList> model = criteria.loadModel();
        Predictor<NDList, NDList> predictor = model.newPredictor()) {
      NDList actual = predictor.predict(new NDList(x));
      assertEquals(2, actual.size());
      for (int i = 0; i < 2; i++) {
        assertEquals(expected.get(i), actual.get(i));
      }
      assertArrayEquals(new float[] {3, 0.75f}, actual.get(1).toFloatArray(), 1e-6f);
      Object loaded = model.getBlock().getChildren().get(1).getValue();
      assertEquals(
          "NegativeBinomialHead(units = 2, bias, exp above 0.5)", loaded.toString(), "transform");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "FLOAT32", "FLOAT64"})
  void shapesAndDtypes(DataType type) {
    NegativeBinomialHead head = NegativeBinomialHead.builder().setUnits(4).build();
    Shape input = new Shape(5, 2, 3);
    head.initialize(manager, type, input);
    NDList outputs =
        head.forward(
            new ParameterStore(manager, false), new NDList(manager.ones(input, type)), false);
    assertArrayEquals(outputs.getShapes(), head.getOutputShapes(new Shape[] {input}));
    assertEquals(new Shape(5, 2, 4), outputs.get(0).getShape());
    assertEquals(new Shape(4), outputs.get(1).getShape());
    assertEquals(type, outputs.get(0).getDataType());
    assertEquals(type, outputs.get(1).getDataType());
    float[] thetas = outputs.get(1).toType(DataType.FLOAT32, false).toFloatArray();
    assertArrayEquals(new float[] {1, 1, 1, 1}, thetas, 1e-3f);
  }

  @Test
  void theBiasIsThereUnlessRefused() {
    Shape input = new Shape(1, 3);
    NegativeBinomialHead with = NegativeBinomialHead.builder().setUnits(2).build();
    NegativeBinomialHead without =
        NegativeBinomialHead.builder().setUnits(2).optBias(false).build();
    with.initialize(manager, DataType.FLOAT32, input);
    without.initialize(manager, DataType.FLOAT32, input);
    assertEquals(3, with.getParameters().size());
    assertEquals(2, without.getParameters().size());
  }

  @Test
  void whatIsWrongIsNamed() {
    assertRefused("units must be > 0, got 0", () -> NegativeBinomialHead.builder().build());
    assertRefused(
        "NegativeBinomialHead takes 1 array, got 2",
        () -> head().getOutputShapes(new Shape[] {new Shape(1, 2), new Shape(1, 2)}));
    assertRefused(
        "NegativeBinomialHead takes 1 array, got 0",
        () -> head().initialize(manager, DataType.FLOAT32));
    for (Shape shape : List.of(new Shape(), new Shape(1, -1))) {
      assertRefused(
          "x shape must end with a known number of features, got " + shape,
          () -> head().initialize(manager, DataType.FLOAT32, shape));
    }
    assertRefusedWith(
        "rawInverseDispersion dtype must be",
        () -> head().initialize(manager, DataType.INT32, new Shape(1, 3)));
  }

  @Test
  void aFileOfAnotherHeadChangesNothing() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    NegativeBinomialHead other = NegativeBinomialHead.builder().setUnits(2).build();
    other.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
    other.saveParameters(new DataOutputStream(bytes));
    NegativeBinomialHead head = NegativeBinomialHead.builder().setUnits(1).optValue(7).build();
    head.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
    float[] before = head.getParameters().get(0).getValue().getArray().toFloatArray();
    MalformedModelException e =
        assertThrows(
            MalformedModelException.class,
            () ->
                head.loadParameters(
                    manager, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()))));
    assertEquals(
        "NegativeBinomialHead(units = 1, bias) cannot be read: the file has"
            + " NegativeBinomialHead(units = 2, bias)",
        e.getMessage());
    assertArrayEquals(
        before, head.getParameters().get(0).getValue().getArray().toFloatArray(), "weight");
    assertEquals(7, head.inverseDispersion().value()[0], 1e-6);
  }

  @Test
  void aFileOfOtherFeaturesIsRefused() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    NegativeBinomialHead other = head();
    other.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
    other.saveParameters(new DataOutputStream(bytes));
    NegativeBinomialHead head = head();
    head.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
    assertThrows(
        MalformedModelException.class,
        () ->
            head.loadParameters(
                manager, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()))));
    ParameterStore store = new ParameterStore(manager, false);
    NDList three = new NDList(manager.ones(new Shape(1, 3)));
    assertRefused(
        "x shape must end with 4 features, got (1, 3)", () -> head.forward(store, three, false));
  }
}
