package org.stableops.djl;

import ai.djl.nn.Block;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.stableops.djl.internal.GumbelSoftmaxCall;
import org.stableops.djl.internal.OpBlock;
import org.stableops.djl.internal.ParametricOp;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/**
 * What the block of an operator was made of, for a {@link ai.djl.nn.BlockFactory} that makes it
 * again: DJL saves no more of a block than its parameters, and such a block has none.
 *
 * <p>All blocks and gradient blocks that are made of one number are described; those of the
 * cross-entropies are not.
 *
 * <pre>{@code
 * OpDescription description = OpDescription.of(Squareplus.block(0.5)).orElseThrow();
 * String name = description.name(); // Squareplus
 * double b = description.argument(); // 0.5
 * Block again = description.block();
 * }</pre>
 *
 * @param name the operator's, with "Gradient" after it for a gradient block
 * @param argument β, b, the axis or the temperature
 */
public record OpDescription(String name, double argument) {
  private static final String GRADIENT = "Gradient";

  /** How the blocks of an operator are made of its argument. */
  private record Operator(
      String argumentName, DoubleFunction<Block> block, DoubleFunction<Block> gradientBlock) {

    static Operator alongAnAxis(IntFunction<Block> block, IntFunction<Block> gradientBlock) {
      return new Operator(
          "axis", axis -> block.apply(integer(axis)), axis -> gradientBlock.apply(integer(axis)));
    }
  }

  private static final Map<String, Operator> OPERATORS = operators();

  /**
   * Makes a description.
   *
   * @param name of an operator
   * @param argument β, b, the axis or the temperature
   * @throws IllegalArgumentException if there is no such operator, or the argument is invalid
   */
  public OpDescription {
    make(name, argument);
  }

  /**
   * Tells whether there is an operator.
   *
   * @param name any
   * @return whether it can be a description's name
   */
  public static boolean isKnown(@Nullable String name) {
    return name != null && OPERATORS.containsKey(operatorName(name));
  }

  /**
   * Describes a block.
   *
   * @param block any
   * @return what it was made of, or empty where it is not a block of an operator of one number
   */
  public static Optional<OpDescription> of(Block block) {
    return block instanceof OpBlock op ? op.description() : Optional.empty();
  }

  /**
   * Returns what the operator's argument is called.
   *
   * @param name an operator's, as in a description
   * @return "beta", "b", "axis" or "temperature"
   * @throws IllegalArgumentException if there is no such operator
   */
  public static String argumentName(String name) {
    return operator(name).argumentName();
  }

  /**
   * Makes the block again.
   *
   * @return a new block, equal to the one described
   */
  public Block block() {
    return make(name, argument);
  }

  private static Map<String, Operator> operators() {
    Map<String, Operator> operators = new HashMap<>();
    operators.put("LogSoftmax", Operator.alongAnAxis(LogSoftmax::block, LogSoftmax::gradientBlock));
    operators.put("LogSumExp", Operator.alongAnAxis(LogSumExp::block, LogSumExp::gradientBlock));
    operators.put(
        "GumbelSoftmax",
        new Operator("temperature", GumbelSoftmaxCall::block, GumbelSoftmaxCall::gradientBlock));
    operators.put(
        "HardGumbelSoftmax",
        new Operator(
            "temperature", GumbelSoftmaxCall::hardBlock, GumbelSoftmaxCall::hardGradientBlock));
    for (Elementwise elementwise : Operators.ALL) {
      ParametricOp op = new ParametricOp(elementwise);
      String argument = elementwise.parameter().name();
      operators.put(elementwise.name(), new Operator(argument, op::block, op::gradientBlock));
    }
    return Map.copyOf(operators);
  }

  private static Block make(String name, double argument) {
    Operator operator = operator(name);
    return name.endsWith(GRADIENT)
        ? operator.gradientBlock().apply(argument)
        : operator.block().apply(argument);
  }

  private static Operator operator(String name) {
    if (!isKnown(name)) {
      throw new IllegalArgumentException("there is no operator " + name + " of one number");
    }
    return OPERATORS.get(operatorName(name));
  }

  private static String operatorName(String name) {
    return name.endsWith(GRADIENT) ? name.substring(0, name.length() - GRADIENT.length()) : name;
  }

  private static int integer(double axis) {
    if (axis != (int) axis) {
      throw new IllegalArgumentException("axis must be an integer, got " + axis);
    }
    return (int) axis;
  }
}
