package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;
import static org.stableops.integration.djl.Djl.array;
import static org.stableops.integration.djl.Djl.doubles;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.UninitializedParameterException;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.PositiveTransform;
import org.stableops.djl.PositiveTransforms;
import org.stableops.djl.nn.PositiveParameter;

/** A parameter that is positive whatever happens. */
class PositiveParameterTest extends OnBothPaths {
  private static final Shape THREE = new Shape(3);
  private static final float[] VALUES = {0.5f, 1, 7};

  static Stream<PositiveTransform> transforms() {
    return Stream.of(
        PositiveTransform.softplus(),
        PositiveTransform.softplus(3).withLowerBound(0.25),
        PositiveTransform.squareplus(),
        PositiveTransform.squareplus(0.5).withLowerBound(1e-3),
        PositiveTransform.exp());
  }

  private PositiveParameter initialized(PositiveTransform transform, DataType type) {
    PositiveParameter parameter =
        PositiveParameter.builder().optTransform(transform).optValues(THREE, VALUES).build();
    parameter.initialize(manager, type);
    return parameter;
  }

  private ParameterStore store() {
    return new ParameterStore(manager, false);
  }

  // ---- values

  @ParameterizedTest
  @MethodSource("transforms")
  void itStartsWithTheWantedValues(PositiveTransform transform) {
    for (DataType type : Djl.FLOATS) {
      PositiveParameter parameter = initialized(transform, type);
      double tolerance = type == DataType.FLOAT16 ? 5e-3 : type == DataType.FLOAT32 ? 1e-6 : 1e-15;
      assertArrayEquals(new double[] {0.5, 1, 7}, parameter.value(), 7 * tolerance);
      assertEquals(type, parameter.raw().getArray().getDataType());
    }
  }

  @Test
  void valuesComeAsOneNumberAsArraysAndByAnInitializer() {
    NDArray array = array(manager, DataType.FLOAT32, new Shape(1, 3), 0.5, 1, 7);
    PositiveParameter[] parameters = {
      PositiveParameter.builder().optValue(2).build(),
      PositiveParameter.builder().optShape(new Shape(2, 2)).optValue(2).build(),
      PositiveParameter.builder().optValues(array).build(),
      PositiveParameter.builder().optShape(THREE).optInitializer(new ConstantInitializer(3)).build()
    };
    array.close();
    double[][] expected = {{2}, {2, 2, 2, 2}, {0.5, 1, 7}, {3, 3, 3}};
    Shape[] shapes = {new Shape(), new Shape(2, 2), new Shape(1, 3), THREE};
    for (int i = 0; i < parameters.length; i++) {
      assertArrayEquals(shapes[i].getShape(), parameters[i].getOutputShapes(null)[0].getShape());
      parameters[i].initialize(manager, DataType.FLOAT64);
      assertArrayEquals(expected[i], parameters[i].value(), 1e-14);
      assertEquals(shapes[i], parameters[i].raw().getArray().getShape());
    }
  }

  @Test
  void aShapeMayComeLater() {
    PositiveParameter parameter = PositiveParameter.builder().optValue(2).build();
    parameter.setShape(THREE);
    parameter.initialize(manager, DataType.FLOAT32);
    assertArrayEquals(new double[] {2, 2, 2}, parameter.value(), 1e-6);
    PositiveParameter fixed = PositiveParameter.builder().optValues(THREE, VALUES).build();
    assertRefused("values shape must be (4), got (3)", () -> fixed.setShape(new Shape(4)));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 0.25})
  void aBadValueIsRefusedBeforeAnythingIsMade(double bad) {
    PositiveTransform transform = PositiveTransform.exp().withLowerBound(0.25);
    PositiveParameter.Builder builder = PositiveParameter.builder().optTransform(transform);
    assertRefused(
        "value must be finite and > 0.25, got " + bad, () -> builder.optValue(bad).build());
    float[] values = {1, (float) bad, 1};
    assertRefused(
        "values[1] must be finite and > 0.25, got " + (double) (float) bad,
        () -> builder.optValues(THREE, values).build());
    PositiveParameter parameter = initialized(transform, DataType.FLOAT64);
    double[] before = parameter.value();
    assertRefused("value must be finite and > 0.25, got " + bad, () -> parameter.set(bad));
    assertRefused(
        "values[2] must be finite and > 0.25, got " + bad,
        () -> parameter.set(array(manager, DataType.FLOAT64, THREE, 1, 1, bad)));
    assertArrayEquals(before, parameter.value());
  }

  @Test
  void badBuildersAreRefused() {
    assertRefused(
        "optValue, optValues or optInitializer must be called: there is no value to start with",
        () -> PositiveParameter.builder().build());
    assertRefused(
        "values must be as many as shape (3) has, got 2",
        () -> PositiveParameter.builder().optValues(THREE, 1, 2));
    assertRefused(
        "values shape must be (2), got (3)",
        () -> PositiveParameter.builder().optShape(new Shape(2)).optValues(THREE, VALUES).build());
    assertRefused(
        "values dtype must be float16, float32 or float64, got int32",
        () -> PositiveParameter.builder().optValues(manager.create(new int[] {1})));
    assertRefused(
        "shape must be known, got (-1)", () -> PositiveParameter.builder().optShape(new Shape(-1)));
    assertRefused(
        "transform must be given, got null", () -> PositiveParameter.builder().optTransform(null));
    assertRefused(
        "initializer must be given, got null",
        () -> PositiveParameter.builder().optInitializer(null));
    assertRefused("name must be given, got null", () -> PositiveParameter.builder().optName(null));
  }

  @Test
  void aValueThatTheDtypeHasNotIsRefused() {
    PositiveParameter small = PositiveParameter.builder().optValue(1e-50).build();
    assertRefused(
        "the values that raw starts with, of float32 by softplus(beta = 1.0) above 0.0: value must"
            + " be finite and > 0.0, got 0.0",
        () -> small.initialize(manager, DataType.FLOAT32));
    assertFalse(small.isInitialized());
    small.initialize(manager, DataType.FLOAT64);
    assertEquals(1e-50, small.value()[0], 1e-63);
    PositiveParameter integer = PositiveParameter.builder().optValue(1).build();
    assertThrows(IllegalArgumentException.class, () -> integer.initialize(manager, DataType.INT32));
    assertThrows(
        IllegalArgumentException.class, () -> integer.initialize(manager, DataType.BFLOAT16));
  }

  @Test
  void itIsSetBeforeAndAfterItIsInitialized() {
    PositiveParameter parameter = PositiveParameter.builder().optValues(THREE, VALUES).build();
    assertThrows(UninitializedParameterException.class, parameter::value);
    parameter.set(3);
    parameter.initialize(manager, DataType.FLOAT64);
    assertArrayEquals(new double[] {3, 3, 3}, parameter.value(), 1e-14);
    NDArray raw = parameter.raw().getArray();
    int arrays = manager.getManagedArrays().size();
    parameter.set(0.125);
    assertArrayEquals(new double[] {0.125, 0.125, 0.125}, parameter.value(), 1e-15);
    assertEquals(arrays, manager.getManagedArrays().size());
    // Of another dtype.
    parameter.set(array(manager, DataType.FLOAT32, THREE, 4, 5, 6));
    assertArrayEquals(new double[] {4, 5, 6}, parameter.value(), 1e-14);
    assertEquals(raw, parameter.raw().getArray());
    assertTrue(raw.hasGradient());
    assertRefused(
        "values shape must be (3), got (2)",
        () -> parameter.set(array(manager, DataType.FLOAT32, new Shape(2), 4, 5)));
    PositiveParameter one = PositiveParameter.builder().optValue(1).build();
    one.initialize(manager, DataType.FLOAT32);
    one.set(5);
    assertEquals(5, one.value()[0], 1e-6);
  }

  // ---- passes

  @ParameterizedTest
  @MethodSource("transforms")
  void itsGradientIsTheTransforms(PositiveTransform transform) {
    for (DataType type : Djl.FLOATS) {
      PositiveParameter parameter = initialized(transform, type);
      NDArray raw = parameter.raw().getArray();
      NDArray x = manager.ones(THREE, type);
      ParameterStore store = store();
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        collector.backward(parameter.value(store, x, true).sum());
      }
      assertArrayEquals(
          doubles(PositiveTransforms.gradient(raw, transform)), doubles(raw.getGradient()));
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void itsGradientIsThatOfFiniteDifferences(PositiveTransform transform) {
    PositiveParameter parameter = initialized(transform, DataType.FLOAT64);
    FiniteDifferences.assertAgrees(
        parameter.raw().getArray(),
        () -> {
          NDArray value = parameter.value(store(), parameter.raw().getArray(), true);
          return value.mul(value).sum();
        });
  }

  @Test
  void theValueBelongsToTheData() {
    PositiveParameter parameter = initialized(PositiveTransform.exp(), DataType.FLOAT32);
    ParameterStore store = store();
    int arrays = manager.getManagedArrays().size();
    for (int i = 0; i < 50; i++) {
      try (NDManager batch = manager.newSubManager()) {
        NDArray x = batch.ones(THREE);
        NDList values = parameter.forward(store, new NDList(x), i % 2 == 0);
        assertEquals(batch, values.singletonOrThrow().getManager());
        assertEquals(batch, parameter.value(batch).getManager());
      }
    }
    assertEquals(arrays, manager.getManagedArrays().size());
    NDManager owner = store.getManager();
    assertEquals(
        owner, parameter.forward(store, new NDList(), false).singletonOrThrow().getManager());
    Graphs.assertOutside(parameter.value(manager));
  }

  @Test
  void itIsFrozenAndListedLikeAnyOther() {
    PositiveParameter parameter = initialized(PositiveTransform.softplus(), DataType.FLOAT32);
    assertEquals(1, parameter.getParameters().size());
    assertEquals(Parameter.Type.OTHER, parameter.getParameters().get("raw").getType());
    parameter.freezeParameters(true);
    assertFalse(parameter.raw().getArray().hasGradient());
    Graphs.recording(
        () -> Graphs.assertOutside(parameter.value(store(), manager.ones(THREE), true)));
    parameter.freezeParameters(false);
    assertTrue(parameter.raw().getArray().hasGradient());
  }

  // ---- initializers

  @Test
  void noInitializerForWeightsOrBiasesReachesIt() {
    assertArrayEquals(
        new double[] {0.5, 1, 7},
        trained(
            new DefaultTrainingConfig(Loss.l2Loss())
                .optInitializer(new XavierInitializer(), Parameter.Type.WEIGHT)
                .optInitializer(new NormalInitializer(), Parameter.Type.BIAS)),
        1e-6);
  }

  @Test
  void anInitializerThatReachesItMakesPositiveValues() {
    assertArrayEquals(
        new double[] {2, 2, 2},
        trained(
            new DefaultTrainingConfig(Loss.l2Loss())
                .optInitializer(new ConstantInitializer(2), parameter -> true)),
        1e-6);
    DefaultTrainingConfig negative =
        new DefaultTrainingConfig(Loss.l2Loss()).optInitializer(new ConstantInitializer(-2), "raw");
    assertRefused(
        "the values that raw starts with, of float32 by softplus(beta = 1.0) above 0.0: value[0]"
            + " must be finite and > 0.0, got -2.0",
        () -> trained(negative));
  }

  private static double[] trained(DefaultTrainingConfig config) {
    try (Model model = Model.newInstance("parameter")) {
      PositiveParameter parameter = PositiveParameter.builder().optValues(THREE, VALUES).build();
      model.setBlock(parameter);
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(1, 1));
        return parameter.value();
      }
    }
  }

  // ---- files

  private static byte[] saved(PositiveParameter parameter) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    parameter.saveParameters(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private void load(PositiveParameter parameter, byte[] bytes)
      throws IOException, MalformedModelException {
    parameter.loadParameters(manager, new DataInputStream(new ByteArrayInputStream(bytes)));
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void whatIsLoadedReplacesValueAndTransform(PositiveTransform transform)
      throws IOException, MalformedModelException {
    for (DataType type : Djl.FLOATS) {
      PositiveParameter parameter = initialized(transform, type);
      PositiveParameter other =
          PositiveParameter.builder().optTransform(PositiveTransform.exp()).optValue(9).build();
      load(other, saved(parameter));
      assertEquals(transform, other.transform());
      assertArrayEquals(parameter.value(), other.value());
      assertTrue(other.isInitialized());
    }
  }

  @Test
  void whatIsNotInitializedIsSavedAndLoadedToo() throws IOException, MalformedModelException {
    PositiveParameter parameter = PositiveParameter.builder().optValue(2).build();
    load(parameter, saved(PositiveParameter.builder().optValue(3).build()));
    assertFalse(parameter.isInitialized());
  }

  @Test
  void aFileThatEndsTooEarlyChangesNothing() throws IOException {
    byte[] bytes = saved(initialized(PositiveTransform.exp(), DataType.FLOAT64));
    PositiveParameter parameter = initialized(PositiveTransform.softplus(), DataType.FLOAT32);
    double[] before = parameter.value();
    for (int length = 0; length < bytes.length; length++) {
      byte[] part = Arrays.copyOf(bytes, length);
      assertThrows(MalformedModelException.class, () -> load(parameter, part));
    }
    assertArrayEquals(before, parameter.value());
    assertEquals(PositiveTransform.softplus(), parameter.transform());
  }

  @Test
  void anotherVersionOrNonsenseIsRefused() throws IOException {
    PositiveParameter parameter = initialized(PositiveTransform.exp(), DataType.FLOAT64);
    byte[] bytes = saved(parameter);
    byte[] version = bytes.clone();
    version[0]++;
    assertEquals(
        "PositiveParameter(raw, exp above 0.0) cannot be read: version must be 1, got 2",
        assertThrows(MalformedModelException.class, () -> load(parameter, version)).getMessage());
    // Version, number of shapes, length and characters of EXP, then the parameter.
    byte[] family = bytes.clone();
    family[4] = '?';
    assertThrows(MalformedModelException.class, () -> load(parameter, family));
    byte[] negative = bytes.clone();
    negative[7] |= (byte) 0x80;
    assertThrows(MalformedModelException.class, () -> load(parameter, negative));
    PositiveParameter two = PositiveParameter.builder().optShape(new Shape(2)).optValue(1).build();
    assertEquals(
        "PositiveParameter(raw, softplus(beta = 1.0) above 0.0) cannot be read: shape must be (2),"
            + " got (3)",
        assertThrows(MalformedModelException.class, () -> load(two, bytes)).getMessage());
    PositiveParameter named = PositiveParameter.builder().optName("rate").optValue(1).build();
    assertThrows(MalformedModelException.class, () -> load(named, bytes));
  }
}
