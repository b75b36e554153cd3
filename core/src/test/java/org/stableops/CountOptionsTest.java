package org.stableops;

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
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CountOptionsTest {
  private static final CountOptions ALL =
      CountOptions.DEFAULT
          .withReduction(Reduction.SUM)
          .withRate(PositiveTransform.softplus(2))
          .withFullLikelihood();

  @Test
  void defaultsAreThoseOfTheDesign() {
    CountOptions options = CountOptions.DEFAULT;
    assertEquals(Reduction.MEAN, options.reduction());
    assertEquals(Optional.of(PositiveTransform.exp()), options.rate());
    assertFalse(options.hasFullLikelihood());
    assertEquals("CountOptions(reduction=MEAN, rate=exp above 0.0)", options.toString());
    assertEquals(Optional.empty(), CountOptions.RATE.rate());
    assertEquals("CountOptions(reduction=MEAN, rate=raw)", CountOptions.RATE.toString());
  }

  @Test
  void eachWitherChangesItsOptionAlone() {
    assertEquals(Reduction.SUM, ALL.reduction());
    assertEquals(Optional.of(PositiveTransform.softplus(2)), ALL.rate());
    assertTrue(ALL.hasFullLikelihood());
    assertTrue(ALL.withReduction(Reduction.NONE).hasFullLikelihood());
    assertTrue(ALL.withRate(PositiveTransform.exp()).hasFullLikelihood());
    assertEquals(ALL.rate(), ALL.withReduction(Reduction.NONE).rate());
    assertEquals(
        "CountOptions(reduction=SUM, rate=softplus(beta = 2.0) above 0.0, full)", ALL.toString());
  }

  @Test
  void isAValue() {
    CountOptions same =
        CountOptions.RATE
            .withFullLikelihood()
            .withRate(PositiveTransform.softplus(2))
            .withReduction(Reduction.SUM);
    assertEquals(ALL, same);
    assertEquals(ALL.hashCode(), same.hashCode());
    assertNotEquals(ALL.hashCode(), CountOptions.DEFAULT.hashCode());
    assertNotEquals(ALL, same.withReduction(Reduction.MEAN));
    assertNotEquals(ALL, same.withRate(PositiveTransform.softplus(3)));
    assertNotEquals(CountOptions.DEFAULT, CountOptions.DEFAULT.withFullLikelihood());
    assertNotEquals(CountOptions.RATE, CountOptions.DEFAULT);
    assertFalse(ALL.equals(null));
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
  void refusesWhatIsNull() {
    assertRefused("reduction must be given, got null", () -> ALL.withReduction(null));
    assertRefused("rate must be given, got null", () -> ALL.withRate(null));
  }
}
