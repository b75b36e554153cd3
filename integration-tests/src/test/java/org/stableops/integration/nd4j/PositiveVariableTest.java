package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.stableops.PositiveTransform;
import org.stableops.integration.NewJvm;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.samediff.PositiveVariable;

/** Positive variables of SameDiff: made, read, set, trained, saved, found again. */
final class PositiveVariableTest {
  private static final PositiveTransform SOFTPLUS = PositiveTransform.softplus();
  private static final PositiveTransform BOUNDED =
      PositiveTransform.squareplus(0.3).withLowerBound(0.01);
  private static final double[] SOME = {0.02, 0.5, 1, 3, 40, 1e6};

  // ---- made and read

  @Test
  void isWhatItWasMadeOf() {
    SameDiff graph = SameDiff.create();
    PositiveVariable scale = PositiveVariable.create(graph, "scale", SOFTPLUS, 0.5);
    assertEquals("scale", scale.value().name());
    assertEquals("scale_raw", scale.raw().name());
    assertEquals(VariableType.VARIABLE, scale.raw().getVariableType());
    assertEquals(SOFTPLUS, scale.transform());
    assertEquals(DataType.FLOAT, scale.get().dataType());
    assertArrayEquals(new long[0], scale.get().shape());
    // The raw value is rounded, and so is the composite's value.
    assertEquals(0.5f, scale.get().getFloat(0), Math.ulp(0.5f));
    Elements.assertSame(scale.get(), scale.value().eval(), "what the graph computes with");
  }

  @Test
  void everyDtypeAndShapeCanBeMadeOfANumber() {
    for (DataType type :
        List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE)) {
      for (long[] shape : new long[][] {{}, {3}, {2, 1, 4}}) {
        SameDiff graph = SameDiff.create();
        PositiveVariable v =
            PositiveVariable.create(graph, "v", PositiveTransform.exp(), 1, type, shape);
        Elements.assertSame(Nd4j.valueArrayOf(shape, 1, type), v.get(), type.toString());
        assertArrayEquals(shape, v.value().eval().shape());
      }
    }
  }

  @Test
  void anArrayMayHaveAnyLayoutAndIsOnlyRead() {
    INDArray initial = Nd4j.createFromArray(SOME).reshape(2, 3).transpose();
    INDArray before = initial.dup();
    SameDiff graph = SameDiff.create();
    PositiveVariable v = PositiveVariable.create(graph, "v", BOUNDED, initial);
    assertRelative(before, v.get());
    v.set(2);
    assertEquals(before, initial);
    assertRelative(Nd4j.valueArrayOf(new long[] {3, 2}, 2, DataType.DOUBLE), v.get());
    v.set(initial);
    assertRelative(before, v.get());
    assertFalse(initial.wasClosed());
  }

  private static void assertRelative(INDArray expected, INDArray actual) {
    assertArrayEquals(expected.shape(), actual.shape());
    double[] numbers = Elements.of(expected);
    double[] others = Elements.of(actual);
    for (int i = 0; i < numbers.length; i++) {
      // The raw value's rounding, and the value's.
      assertEquals(numbers[i], others[i], 1e-15 * Math.max(1, numbers[i]), "element " + i);
    }
  }

  @Test
  void whatWasReadCanBeSetAgain() {
    for (PositiveTransform transform : List.of(SOFTPLUS, BOUNDED, PositiveTransform.exp())) {
      SameDiff graph = SameDiff.create();
      PositiveVariable v = PositiveVariable.create(graph, "v", transform, 1, DataType.FLOAT, 2);
      v.raw().getArr().assign(Nd4j.createFromArray(-1e30f, -200f));
      INDArray read = v.get();
      assertTrue(Elements.of(read)[0] > transform.lowerBound());
      v.set(read);
      Elements.assertSame(read, v.get(), transform.toString());
    }
  }

  @Test
  void namesAreTakenAsTheyAreInAScope() {
    SameDiff graph = SameDiff.create();
    PositiveVariable v;
    try (NameScope scope = graph.withNameScope("layer")) {
      assertEquals("layer", scope.getName());
      v = PositiveVariable.create(graph, "v", SOFTPLUS, 1);
    }
    assertEquals("v", v.value().name());
    assertEquals("v_raw", PositiveVariable.of(graph, "v").raw().name());
  }

  @Test
  void mayHaveTheNameThatSameDiffGivesItsOp() {
    SameDiff graph = SameDiff.create();
    for (String name : List.of("stable_positive", "stable_positive_1", "v")) {
      PositiveVariable.create(graph, name, SOFTPLUS, 2, DataType.DOUBLE);
    }
    for (String name : List.of("stable_positive", "stable_positive_1", "v")) {
      assertRelative(Nd4j.scalar(2.0), graph.output(Map.of(), name).get(name));
      assertEquals(name + "_raw", PositiveVariable.of(graph, name).raw().name());
    }
  }

  @Test
  void isFoundWhereItWasMadeByHandOrRenamed() {
    SameDiff graph = SameDiff.create();
    PositiveTransforms.value(graph.var("r", Nd4j.scalar(0.0)), BOUNDED).rename("v");
    graph.renameVariable("v", "w");
    PositiveVariable w = PositiveVariable.of(graph, "w");
    assertEquals("r", w.raw().name());
    w.set(2);
    assertRelative(Nd4j.scalar(2.0), graph.output(Map.of(), "w").get("w"));
  }

  @Test
  void nothingOfItIsInTheWorkspaceOfTheCaller() {
    SameDiff graph = SameDiff.create();
    PositiveVariable v;
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace("PositiveVariableTest")) {
      v = PositiveVariable.create(graph, "v", SOFTPLUS, 1, DataType.DOUBLE, 6);
      assertTrue(workspace.isScopeActive());
      v.set(Nd4j.createFromArray(SOME));
    }
    assertFalse(v.raw().getArr().isAttached());
    assertRelative(Nd4j.createFromArray(SOME), v.get());
  }

  // ---- refused

  @Test
  void whatCannotBeAVariableIsRefusedBeforeTheGraphChanges() {
    SameDiff graph = SameDiff.create();
    graph.constant("used", Nd4j.scalar(1));
    graph.constant("half_raw", Nd4j.scalar(1));
    for (double bad : new double[] {0, -1, 0.01, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "v must be finite and > 0.01, got " + bad,
          () -> PositiveVariable.create(graph, "v", BOUNDED, bad));
      assertRefused(
          "v: value[1] must be finite and > 0.01, got " + bad,
          () -> PositiveVariable.create(graph, "v", BOUNDED, Nd4j.createFromArray(1, bad)));
    }
    assertRefused(
        "v: value must be finite and > 0.0, got Infinity",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1e39, DataType.FLOAT));
    assertRefused(
        "v: value[0] must be finite and > 0.0, got 0.0",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1e-50, DataType.FLOAT, 2));
    assertRefused(
        "v: dtype must be half, bfloat16, float or double, got INT",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1, DataType.INT32, 2));
    assertRefused(
        "v: value dtype must be half, bfloat16, float or double, got INT",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, Nd4j.createFromArray(1, 2)));
    assertRefused(
        "v: value must be an array, got null",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, null));
    for (long size : new long[] {0, -1}) {
      assertRefused(
          "v: sizes must be > 0, got shape (2, " + size + ")",
          () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1, DataType.FLOAT, 2, size));
    }
    assertRefused(
        "v: sizes must be > 0, got shape (0, 3)",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, Nd4j.create(DataType.FLOAT, 0, 3)));
    assertRefused(
        "dtype of v must be given, got null",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1, null));
    assertRefused(
        "shape of v must be given, got null",
        () -> PositiveVariable.create(graph, "v", SOFTPLUS, 1, DataType.FLOAT, (long[]) null));
    assertRefused(
        "transform of v must be given, got null",
        () -> PositiveVariable.create(graph, "v", null, 1));
    assertRefused(
        "name must be given, got null", () -> PositiveVariable.create(graph, null, SOFTPLUS, 1));
    assertRefused("name must not be empty", () -> PositiveVariable.create(graph, "", SOFTPLUS, 1));
    assertRefused(
        "graph must be given, got null", () -> PositiveVariable.create(null, "v", SOFTPLUS, 1));
    assertRefused(
        "another variable has the name used",
        () -> PositiveVariable.create(graph, "used", SOFTPLUS, 1));
    assertRefused(
        "another variable has the name half_raw",
        () -> PositiveVariable.create(graph, "half", SOFTPLUS, 1));
    assertEquals(2, graph.variables().size(), "variables");
    assertEquals(0, graph.ops().length, "ops");
  }

  @Test
  void whatCannotBeSetChangesNothing() {
    SameDiff graph = SameDiff.create();
    INDArray initial = Nd4j.createFromArray(0.5, 2, 3);
    PositiveVariable v = PositiveVariable.create(graph, "v", BOUNDED, initial);
    INDArray before = v.raw().getArr().dup();
    for (double bad : new double[] {0, -1, 0.01, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused("v must be finite and > 0.01, got " + bad, () -> v.set(bad));
      assertRefused(
          "v: value[2] must be finite and > 0.01, got " + bad,
          () -> v.set(Nd4j.createFromArray(1, 1, bad)));
    }
    assertRefused(
        "v: values must be DOUBLE (3), got DOUBLE (2)", () -> v.set(Nd4j.createFromArray(1.0, 2)));
    assertRefused(
        "v: values must be DOUBLE (3), got FLOAT (3)",
        () -> v.set(Nd4j.createFromArray(1f, 2f, 3f)));
    assertRefused("v: value must be an array, got null", () -> v.set(null));
    INDArray closed = Nd4j.createFromArray(1.0, 2, 3);
    closed.close();
    assertThrows(IllegalStateException.class, () -> v.set(closed));
    Elements.assertSame(before, v.raw().getArr(), "raw");
  }

  // ---- found again

  @Test
  void isFoundInTheGraphAndInACopy() {
    SameDiff graph = SameDiff.create();
    PositiveVariable v = PositiveVariable.create(graph, "v", BOUNDED, Nd4j.createFromArray(SOME));
    PositiveVariable found = PositiveVariable.of(graph, "v");
    assertSame(v.raw(), found.raw());
    assertSame(v.value(), found.value());
    PositiveVariable copy = PositiveVariable.of(graph.dup(), "v");
    assertNotSame(v.raw(), copy.raw());
    assertEquals(BOUNDED, copy.transform());
    Elements.assertSame(v.get(), copy.get(), "copy");
    copy.set(7);
    assertRelative(Nd4j.createFromArray(SOME), v.get());
  }

  @Test
  void isFoundWhenFrozen() {
    SameDiff graph = SameDiff.create();
    PositiveVariable v = PositiveVariable.create(graph, "v", BOUNDED, Nd4j.createFromArray(SOME));
    INDArray before = v.get();
    v.raw().convertToConstant();
    PositiveVariable frozen = PositiveVariable.of(graph, "v");
    Elements.assertSame(before, frozen.get(), "frozen");
    frozen.set(3);
    assertEquals(3, graph.output(Map.of(), "v").get("v").getDouble(0), 1e-15);
  }

  @Test
  void whatIsNoPositiveVariableIsRefused() {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.placeHolder("x", DataType.DOUBLE, 3);
    PositiveTransforms.value(x, SOFTPLUS).rename("y");
    assertRefused("there is no variable v", () -> PositiveVariable.of(graph, "v"));
    assertRefused(
        "x must be the value of a positive variable, but no PositiveTransform makes it",
        () -> PositiveVariable.of(graph, "x"));
    assertRefused(
        "y must be made of a variable, but is made of x, of type PLACEHOLDER",
        () -> PositiveVariable.of(graph, "y"));
    assertRefused("name must be given, got null", () -> PositiveVariable.of(graph, null));
    assertRefused("graph must be given, got null", () -> PositiveVariable.of(null, "v"));
  }

  // ---- trained

  @Test
  void theRawVariableIsTrainedByTheExplicitGradient() {
    SameDiff graph = regression(new Sgd(0.01), PositiveTransform.exp());
    PositiveVariable rate = PositiveVariable.of(graph, "rate");
    INDArray raw = rate.raw().getArr().dup();
    // d(rate − y·log(rate)) = 1 − y/rate, of two rows.
    INDArray upstream = data().getLabels().sum(0).div(rate.get()).rsub(2);
    INDArray step = PositiveTransforms.gradient(raw, rate.transform()).mul(upstream).mul(0.01);
    fit(graph, 1);
    assertArrayEquals(Elements.of(raw.sub(step)), Elements.of(rate.raw().getArr()), 1e-15);
  }

  @Test
  void staysAboveItsBoundWhateverTheUpdaterDoes() {
    for (PositiveTransform transform : List.of(SOFTPLUS, BOUNDED, PositiveTransform.exp())) {
      SameDiff graph = SameDiff.create();
      PositiveVariable v = PositiveVariable.create(graph, "v", transform, 3, DataType.FLOAT, 4);
      v.value().sum().rename("loss");
      graph.setLossVariables("loss");
      configure(graph, new Adam(100));
      graph.placeHolder("x", DataType.DOUBLE, -1, 3);
      graph.placeHolder("y", DataType.DOUBLE, -1, 3);
      fit(graph, 10);
      assertTrue(v.raw().getArr().maxNumber().doubleValue() < -100, "it has been far");
      for (double value : Elements.of(v.get())) {
        assertTrue(value > transform.lowerBound() && value < 1, transform + ": " + value);
      }
    }
  }

  @Test
  void whatIsSetBetweenFitsIsWhereTrainingGoesOn() {
    SameDiff graph = regression(new Sgd(0.01), SOFTPLUS);
    fit(graph, 3);
    PositiveVariable rate = PositiveVariable.of(graph, "rate");
    rate.set(4);
    SameDiff fresh = regression(new Sgd(0.01), SOFTPLUS);
    PositiveVariable.of(fresh, "rate").set(4);
    fit(graph, 3);
    fit(fresh, 3);
    Elements.assertSame(PositiveVariable.of(fresh, "rate").get(), rate.get(), "rate");
  }

  @Test
  void trainingGoesOnInANewJvmWithTheSameBits(@TempDir Path folder) throws Exception {
    SameDiff graph = regression(new Adam(0.1), BOUNDED);
    fit(graph, 5);
    File file = folder.resolve("graph.sd").toFile();
    graph.save(file, true);
    String there = NewJvm.lastLine(Continued.class, List.of(), file);
    assertEquals(continued(graph), there);
    assertEquals(there, continued(SameDiff.load(file, true)), "loaded here");
    SameDiff withoutState = SameDiff.load(file, false);
    assertFalse(there.equals(continued(withoutState)), "the updater's state matters");
  }

  /** The other JVM's program. */
  static final class Continued {
    private Continued() {}

    public static void main(String[] arguments) {
      System.out.println(continued(SameDiff.load(new File(arguments[0]), true)));
    }
  }

  private static String continued(SameDiff graph) {
    PositiveVariable rate = PositiveVariable.of(graph, "rate");
    String before = rate.transform() + " " + Elements.hex(rate.get());
    fit(graph, 5);
    return before + " " + Elements.hex(rate.get());
  }

  private static SameDiff regression(IUpdater updater, PositiveTransform transform) {
    SameDiff graph = SameDiff.create();
    graph.placeHolder("x", DataType.DOUBLE, -1, 3);
    SDVariable y = graph.placeHolder("y", DataType.DOUBLE, -1, 3);
    INDArray initial = Nd4j.createFromArray(0.5, 2, 3).reshape(1, 3);
    SDVariable rate = PositiveVariable.create(graph, "rate", transform, initial).value();
    rate.sub(y.mul(graph.math.log(rate))).sum().rename("loss");
    graph.setLossVariables("loss");
    configure(graph, updater);
    return graph;
  }

  private static void configure(SameDiff graph, IUpdater updater) {
    graph.setTrainingConfig(
        TrainingConfig.builder()
            .updater(updater)
            .dataSetFeatureMapping("x")
            .dataSetLabelMapping("y")
            .build());
  }

  private static void fit(SameDiff graph, int steps) {
    graph.fit(new SingletonDataSetIterator(data()), steps);
  }

  private static DataSet data() {
    INDArray counts = Nd4j.createFromArray(1.0, 4, 2, 0, 3, 5).reshape(2, 3);
    return new DataSet(counts, counts);
  }
}
