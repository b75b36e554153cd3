package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.PositiveTransform;
import org.stableops.nd4j.LogSumExp;
import org.stableops.nd4j.NegativeBinomialLoss;
import org.stableops.nd4j.PositiveTransforms;
import org.stableops.nd4j.SigmoidCrossEntropy;
import org.stableops.nd4j.Softplus;
import org.stableops.nd4j.SparseSoftmaxCrossEntropy;
import org.stableops.nd4j.samediff.PositiveVariable;
import org.stableops.op.ElementLosses;

/**
 * Ops of a graph whose arguments are not those that this library writes, as a file may have them:
 * refused by name as soon as they are asked to compute.
 */
class HostileModelsTest {
  private static void assertRefused(
      String message, UnaryOperator<SDVariable> value, double[] numbers, long[] integers) {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", Nd4j.ones(DataType.DOUBLE, 2, 3));
    SDVariable y = value.apply(x);
    spoil(graph.getVariableOutputOp(y.name()), numbers, integers);
    String actual = assertThrows(IllegalArgumentException.class, y::eval).getMessage();
    assertTrue(actual.contains(message), actual);
  }

  private static void spoil(DifferentialFunction function, double[] numbers, long[] integers) {
    DynamicCustomOp op = (DynamicCustomOp) function;
    clear(op, "tArguments");
    clear(op, "iArguments");
    op.addTArgument(numbers);
    op.addIArgument(integers);
  }

  /** The host's removeIArgument removes nothing: it looks for an Integer among Longs. */
  private static void clear(DynamicCustomOp op, String arguments) {
    try {
      Field field = DynamicCustomOp.class.getDeclaredField(arguments);
      field.setAccessible(true);
      ((List<?>) field.get(op)).clear();
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("the host has changed", e);
    }
  }

  @Test
  void anOperatorOfANumberTakesOneThatIsValid() {
    UnaryOperator<SDVariable> softplus = x -> Softplus.value(x, 2);
    String count = "stable_softplus must have exactly 1 T arguments, got ";
    assertRefused(count + 0, softplus, new double[0], new long[0]);
    assertRefused(count + 2, softplus, new double[] {1, 2}, new long[0]);
    assertRefused("beta must be finite and > 0", softplus, new double[] {-1}, new long[0]);
    assertRefused("beta must be finite and > 0", softplus, new double[] {0.0 / 0}, new long[0]);
  }

  @Test
  void anAxisIsOneOfTheArray() {
    UnaryOperator<SDVariable> logSumExp = x -> LogSumExp.value(x, 1);
    assertRefused("exactly 1 I arguments, got 0", logSumExp, new double[0], new long[0]);
    assertRefused("axis must be in [-2, 2)", logSumExp, new double[0], new long[] {5});
    long beyondInt = 1L << 32;
    assertRefused("an axis as argument", logSumExp, new double[0], new long[] {beyondInt});
  }

  @Test
  void aTransformIsOneOfTheFamilies() {
    UnaryOperator<SDVariable> transform =
        x -> PositiveTransforms.value(x, PositiveTransform.softplus());
    assertRefused("exactly 3 T arguments, got 2", transform, new double[] {0, 1}, new long[0]);
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
    spoil(graph.getVariableOutputOp("scale"), new double[] {7, 1, 0}, new long[0]);
    assertThrows(IllegalArgumentException.class, () -> PositiveVariable.of(graph, "scale"));
  }

  @Test
  void optionsOfACrossEntropyAreValid() {
    UnaryOperator<SDVariable> loss =
        z ->
            SparseSoftmaxCrossEntropy.value(
                z, z.getSameDiff().constant("y", Nd4j.createFromArray(0L, 1L)));
    List<double[]> wrong = new ArrayList<>();
    wrong.add(new double[] {-1, 3, 0, 0, 0, 0, 0});
    wrong.add(new double[] {-1, -1, 0, 0, 0, 0, 0});
    // As an int it would be 0, the first of the reductions.
    wrong.add(new double[] {-1, 0x1p32, 0, 0, 0, 0, 0});
    wrong.add(new double[] {0x1p40, 0, 0, 0, 0, 0, 0});
    wrong.add(new double[] {-1, 0, 0, 0, 1, 0.5, 0});
    long[] none = {};
    for (double[] numbers : wrong) {
      assertRefused("CrossEntropyOptions must have", loss, numbers, none);
    }
    double[] right = {-1, 0, 0, 0, 0, 0, 0};
    assertRefused("exactly 0 I arguments, got 2", loss, right, new long[] {-1, 0});
    assertRefused("at least 7 numbers, got 2", loss, new double[] {0, 0}, none);
    double[] smoothing = {-1, 0, 1.5, 0, 0, 0, 0};
    assertRefused("labelSmoothing must be in [0, 1]", loss, smoothing, none);
    assertRefused("zLoss must be", loss, new double[] {-1, 0, 0, -1, 0, 0, 0}, none);
    assertRefused("classWeights", loss, new double[] {-1, 0, 0, 0, 0, 0, 0, 1}, none);
  }

  @Test
  void aDerivativeIsOneOfTheLoss() {
    UnaryOperator<SDVariable> yesOrNo =
        z -> SigmoidCrossEntropy.gradient(z, z.getSameDiff().constant(Nd4j.ones(2, 3)));
    double[] numbers =
        ElementLosses.sigmoidCrossEntropy().numbers(BinaryCrossEntropyOptions.DEFAULT);
    String one = "stable_sigmoid_cross_entropy_bp must have the number of one of ";
    for (long derivative : new long[] {-1, 2, 4, 5, 1L << 32}) {
      assertRefused(one + "[GRADIENT, SECOND]", yesOrNo, numbers, new long[] {0, derivative, 0});
    }
    assertRefused(one + "[0, 1]", yesOrNo, numbers, new long[] {2, 0, 0});
    assertRefused(one + "[false]", yesOrNo, numbers, new long[] {0, 0, 1});
    assertRefused("0 to 3 I arguments, got 4", yesOrNo, numbers, new long[] {0, 0, 0, 0});
    String inputs = "an op of SigmoidCrossEntropy cannot have 4 inputs, the targets at place 2";
    assertRefused(inputs, yesOrNo, numbers, new long[] {1, 0, 0});
    UnaryOperator<SDVariable> binomial =
        x -> NegativeBinomialLoss.value(x, x, x.getSameDiff().constant(Nd4j.ones(2, 3)));
    double[] ofCounts = ElementLosses.negativeBinomialLoss().numbers(CountOptions.DEFAULT);
    assertRefused("the targets at place 1", binomial, ofCounts, new long[0]);
  }
}
