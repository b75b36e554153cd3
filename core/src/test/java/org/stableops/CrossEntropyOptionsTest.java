package org.stableops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.Refusals.assertRefused;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CrossEntropyOptionsTest {
  private static final CrossEntropyOptions ALL =
      CrossEntropyOptions.DEFAULT
          .withAxis(1)
          .withReduction(Reduction.SUM)
          .withIgnoreIndex(-100)
          .withLabelSmoothing(0.1)
          .withZLoss(1e-4)
          .withClassWeights(1, 2, 0);

  @Test
  void defaultsAreThoseOfTheDesign() {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    assertEquals(-1, options.axis());
    assertEquals(Reduction.MEAN, options.reduction());
    assertEquals(OptionalLong.empty(), options.ignoreIndex());
    assertFalse(options.ignores(0));
    assertEquals(0, options.labelSmoothing());
    assertEquals(0, options.zLoss());
    assertEquals(0, options.classWeights().length);
    assertEquals("CrossEntropyOptions(axis=-1, reduction=MEAN)", options.toString());
  }

  @Test
  void eachWitherChangesItsOptionAlone() {
    assertEquals(1, ALL.axis());
    assertEquals(Reduction.SUM, ALL.reduction());
    assertEquals(OptionalLong.of(-100), ALL.ignoreIndex());
    assertTrue(ALL.ignores(-100));
    assertFalse(ALL.ignores(100));
    assertEquals(0.1, ALL.labelSmoothing());
    assertEquals(1e-4, ALL.zLoss());
    assertArrayEquals(new double[] {1, 2, 0}, ALL.classWeights());
    assertEquals(
        "CrossEntropyOptions(axis=1, reduction=SUM, ignoreIndex=-100, labelSmoothing=0.1, "
            + "zLoss=1.0E-4, classWeights=[1.0, 2.0, 0.0])",
        ALL.toString());
  }

  @Test
  void isAValue() {
    CrossEntropyOptions same =
        CrossEntropyOptions.DEFAULT
            .withClassWeights(1, 2, 0)
            .withZLoss(1e-4)
            .withLabelSmoothing(0.1)
            .withIgnoreIndex(-100)
            .withReduction(Reduction.SUM)
            .withAxis(1);
    assertEquals(ALL, same);
    assertEquals(ALL.hashCode(), same.hashCode());
    assertNotEquals(ALL.hashCode(), CrossEntropyOptions.DEFAULT.hashCode());
    assertNotEquals(ALL, same.withAxis(2));
    assertNotEquals(ALL, same.withReduction(Reduction.MEAN));
    assertNotEquals(ALL, same.withIgnoreIndex(1));
    assertNotEquals(ALL, same.withLabelSmoothing(0));
    assertNotEquals(ALL, same.withZLoss(0));
    assertNotEquals(ALL, same.withClassWeights());
  }

  @Test
  void doesNotShareItsWeights() {
    double[] weights = {1, 2};
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT.withClassWeights(weights);
    weights[0] = 9;
    options.classWeights()[1] = 9;
    assertArrayEquals(new double[] {1, 2}, options.classWeights());
  }

  @Test
  void survivesSerialization() throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(ALL);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertEquals(ALL, in.readObject());
    }
  }

  @Test
  void refusesWhatIsInvalid() {
    CrossEntropyOptions options = CrossEntropyOptions.DEFAULT;
    for (double bad : new double[] {-0.1, Math.nextUp(1.0), Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "labelSmoothing must be in [0, 1], got " + bad, () -> options.withLabelSmoothing(bad));
    }
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused("zLoss must be finite and >= 0, got " + bad, () -> options.withZLoss(bad));
      assertRefused(
          "classWeights[1] must be finite and >= 0, got " + bad,
          () -> options.withClassWeights(1, bad));
    }
    assertEquals(1, options.withLabelSmoothing(1).labelSmoothing());
    assertRefused("reduction must be given, got null", () -> options.withReduction(null));
    assertRefused(
        "classWeights must be given, got null", () -> options.withClassWeights((double[]) null));
  }
}
