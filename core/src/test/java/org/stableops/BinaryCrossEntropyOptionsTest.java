package org.stableops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.stableops.Refusals.assertRefused;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class BinaryCrossEntropyOptionsTest {
  private static final BinaryCrossEntropyOptions ALL =
      BinaryCrossEntropyOptions.DEFAULT
          .withReduction(Reduction.SUM)
          .withLabelSmoothing(0.1)
          .withPositiveWeights(1, 2, 0)
          .withFocalGamma(2)
          .withFocalAlpha(0.25);

  @Test
  void defaultsAreThoseOfTheDesign() {
    BinaryCrossEntropyOptions options = BinaryCrossEntropyOptions.DEFAULT;
    assertEquals(Reduction.MEAN, options.reduction());
    assertEquals(0, options.labelSmoothing());
    assertEquals(0, options.positiveWeights().length);
    assertEquals(0, options.focalGamma());
    assertEquals(OptionalDouble.empty(), options.focalAlpha());
    assertEquals("BinaryCrossEntropyOptions(reduction=MEAN)", options.toString());
  }

  @Test
  void eachWitherChangesItsOptionAlone() {
    assertEquals(Reduction.SUM, ALL.reduction());
    assertEquals(0.1, ALL.labelSmoothing());
    assertArrayEquals(new double[] {1, 2, 0}, ALL.positiveWeights());
    assertEquals(2, ALL.focalGamma());
    assertEquals(OptionalDouble.of(0.25), ALL.focalAlpha());
    assertEquals(
        "BinaryCrossEntropyOptions(reduction=SUM, labelSmoothing=0.1, "
            + "positiveWeights=[1.0, 2.0, 0.0], focalGamma=2.0, focalAlpha=0.25)",
        ALL.toString());
  }

  @Test
  void isAValue() {
    BinaryCrossEntropyOptions same =
        BinaryCrossEntropyOptions.DEFAULT
            .withFocalAlpha(0.25)
            .withFocalGamma(2)
            .withPositiveWeights(1, 2, 0)
            .withLabelSmoothing(0.1)
            .withReduction(Reduction.SUM);
    assertEquals(ALL, same);
    assertEquals(ALL.hashCode(), same.hashCode());
    assertNotEquals(ALL.hashCode(), BinaryCrossEntropyOptions.DEFAULT.hashCode());
    assertNotEquals(ALL, same.withReduction(Reduction.MEAN));
    assertNotEquals(ALL, same.withLabelSmoothing(0));
    assertNotEquals(ALL, same.withPositiveWeights());
    assertNotEquals(ALL, same.withFocalGamma(1));
    assertNotEquals(ALL, same.withFocalAlpha(0.5));
    assertFalse(ALL.equals(null));
  }

  @Test
  void doesNotShareItsWeights() {
    double[] weights = {1, 2};
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT.withPositiveWeights(weights);
    weights[0] = 9;
    options.positiveWeights()[1] = 9;
    assertArrayEquals(new double[] {1, 2}, options.positiveWeights());
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
    BinaryCrossEntropyOptions options = BinaryCrossEntropyOptions.DEFAULT;
    for (double bad : new double[] {-0.1, Math.nextUp(1.0), Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "labelSmoothing must be in [0, 1], got " + bad, () -> options.withLabelSmoothing(bad));
      assertRefused("focalAlpha must be in [0, 1], got " + bad, () -> options.withFocalAlpha(bad));
    }
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "focalGamma must be finite and >= 0, got " + bad, () -> options.withFocalGamma(bad));
      assertRefused(
          "positiveWeights[1] must be finite and >= 0, got " + bad,
          () -> options.withPositiveWeights(1, bad));
    }
    assertRefused("reduction must be given, got null", () -> options.withReduction(null));
    assertRefused(
        "positiveWeights must be given, got null",
        () -> options.withPositiveWeights((double[]) null));
  }
}
