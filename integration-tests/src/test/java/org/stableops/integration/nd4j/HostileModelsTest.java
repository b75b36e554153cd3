package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.samediff.PositiveVariable;

/**
 * Ops of a graph whose arguments are not those that this library writes, as a file may have them:
 * refused by name as soon as they are asked to compute.
 */
class HostileModelsTest {
  private static String refusal(
      UnaryOperator<SDVariable> value, BiFunction<double[], long[], Object[]> spoil) {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", Nd4j.ones(DataType.DOUBLE, 2, 3));
    SDVariable y = value.apply(x);
    spoil((DynamicCustomOp) graph.getVariableOutputOp(y.name()), spoil);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, y::eval);
    assertEquals(6.0, x.getArr().sumNumber().doubleValue());
    return e.getMessage();
  }

  private static void spoil(
      DynamicCustomOp op, BiFunction<double[], long[], Object[]> arguments) {
    Object[] wrong = arguments.apply(op.tArgs(), op.iArgs());
    while (op.numTArguments() > 0) {
      op.removeTArgument(0);
    }
    while (op.numIArguments() > 0) {
      op.removeIArgument(0);
    }
    op.addTArgument((double[]) wrong[0]);
    op.addIArgument((long[]) wrong[1]);
  }

  private static void assertRefused(
      String message, UnaryOperator<SDVariable> value, double[] numbers, long[] integers) {
    String actual = refusal(value, (t, i) -> new Object[] {numbers, integers});
    assertTrue(actual.contains(message), actual);
  }

  @Test
  void anOperatorOfANumberTakesOneThatIsValid() {
    UnaryOperator<SDVariable> softplus = x -> Softplus.value(x, 2);
    String count = "stable_softplus must have 1 to 1 T arguments, got ";
    assertRefused(count + 0, softplus, new double[0], new long[0]);
    assertRefused(count + 2, softplus, new double[] {1, 2}, new long[0]);
    assertRefused("beta must be finite and > 0", softplus, new double[] {-1}, new long[0]);
    assertRefused("beta must be finite and > 0", softplus, new double[] {0.0 / 0}, new long[0]);
  }

  @Test
  void anAxisIsOneOfTheArray() {
    UnaryOperator<SDVariable> logSumExp = x -> LogSumExp.value(x, 1);
    assertRefused("1 to 1 I arguments, got 0", logSumExp, new double[0], new long[0]);
    assertRefused("axis must be in [-2, 2)", logSumExp, new double[0], new long[] {5});
    long beyondInt = 1L << 32;
    assertRefused("an axis as argument", logSumExp, new double[0], new long[] {beyondInt});
  }

  @Test
  void aTransformIsOneOfTheFamilies() {
    UnaryOperator<SDVariable> transform =
        x -> PositiveTransforms.value(x, PositiveTransform.softplus());
    assertRefused("3 to 3 T arguments, got 2", transform, new double[] {0, 1}, new long[0]);
    for (double family : new double[] {3, -1, 0.5, Double.NaN, 1e99}) {
      double[] numbers = {family, 1, 0};
      assertRefused("must have the number of one of [SOFTPLUS", transform, numbers, new long[0]);
    }
    assertRefused("b must be", transform, new double[] {1, -1, 0}, new long[0]);
    assertRefused("lowerBound must be", transform, new double[] {0, 1, -1}, new long[0]);
  }

  @Test
  void aPositiveVariableOfAnInvalidTransformIsNotFound() {
    SameDiff graph = SameDiff.create();
    PositiveVariable.create(graph, "scale", PositiveTransform.softplus(), 2);
    spoil(
        (DynamicCustomOp) graph.getVariableOutputOp("scale"),
        (t, i) -> new Object[] {new double[] {7, 1, 0}, new long[0]});
    assertThrows(IllegalArgumentException.class, () -> PositiveVariable.of(graph, "scale"));
  }

  @Test
  void optionsOfACrossEntropyAreValid() {
    UnaryOperator<SDVariable> loss =
        z ->
            SparseSoftmaxCrossEntropy.value(
                z, z.getSameDiff().constant("y", Nd4j.createFromArray(0L, 1L)));
    List<long[]> wrong = new ArrayList<>();
    wrong.add(new long[] {-1});
    wrong.add(new long[] {-1, 3});
    wrong.add(new long[] {-1, -1});
    // As an int it would be 0, the first of the reductions.
    wrong.add(new long[] {-1, 1L << 32});
    wrong.add(new long[] {1L << 40, 0});
    wrong.add(new long[] {-1, 0, 0, 0});
    for (long[] integers : wrong) {
      assertRefused("cross_entropy must have", loss, new double[] {0, 0}, integers);
    }
    long[] right = {-1, 0};
    assertRefused("2 to", loss, new double[] {0}, right);
    assertRefused("labelSmoothing must be in [0, 1)", loss, new double[] {1.5, 0}, right);
    assertRefused("zLoss must be", loss, new double[] {0, -1}, right);
    assertRefused("classWeights", loss, new double[] {0, 0, 1}, right);
  }
}
