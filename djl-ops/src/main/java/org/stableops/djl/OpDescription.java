package org.stableops.djl;

import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.stableops.CountOptions;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.internal.CrossEntropy;
import org.stableops.djl.internal.ElementLossCall;
import org.stableops.djl.internal.GumbelSoftmaxCall;
import org.stableops.djl.internal.OpBlock;
import org.stableops.djl.internal.ParametricOp;
import org.stableops.op.ElementLosses;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;
import org.stableops.op.SoftmaxLoss;

/**
 * What the block of an operator was made of, for a {@link ai.djl.nn.BlockFactory} that makes it
 * again: DJL saves no more of a block than its parameters, and such a block has none.
 *
 * <p>All blocks and gradient blocks of operators are described: those that are made of one number,
 * and those of the losses, whose options are several numbers.
 *
 * <pre>{@code
 * OpDescription description = OpDescription.of(Squareplus.block(0.5)).orElseThrow();
 * String name = description.name(); // Squareplus
 * double b = description.argument(); // 0.5
 * Block again = description.block();
 * }</pre>
 *
 * @param name the operator's, with "Gradient" after it for a gradient block
 * @param arguments β, b, the axis, the temperature, or the numbers that options are
 */
public record OpDescription(String name, List<Double> arguments) {
  private static final String GRADIENT = "Gradient";

  private static final String OPTIONS = "options";

  /** How the blocks of an operator are made of its arguments. */
  private record Operator(
      String argumentName,
      Function<double[], Block> block,
      Function<double[], Block> gradientBlock) {

    static Operator ofOne(
        String argumentName, DoubleFunction<Block> block, DoubleFunction<Block> gradientBlock) {
      return new Operator(
          argumentName,
          numbers -> block.apply(only(numbers)),
          numbers -> gradientBlock.apply(only(numbers)));
    }

    private static double only(double[] numbers) {
      if (numbers.length != 1) {
        throw new IllegalArgumentException("arguments must be one number, got " + numbers.length);
      }
      return numbers[0];
    }

    static <O> Operator ofOptions(
        Function<double[], O> options, Function<O, Block> block, Function<O, Block> gradientBlock) {
      return new Operator(OPTIONS, options.andThen(block), options.andThen(gradientBlock));
    }

    static <O> Operator ofLoss(ElementLosses<O> losses) {
      return ofOptions(
          losses::options,
          options -> ElementLossCall.block(losses, options),
          options -> ElementLossCall.gradientBlock(losses, options));
    }

    static Operator ofSoftmax(
        Function<CrossEntropyOptions, Block> block,
        Function<CrossEntropyOptions, Block> gradientBlock) {
      return ofOptions(SoftmaxLoss::options, block, gradientBlock);
    }

    static Operator alongAnAxis(IntFunction<Block> block, IntFunction<Block> gradientBlock) {
      return ofOne(
          "axis", axis -> block.apply(integer(axis)), axis -> gradientBlock.apply(integer(axis)));
    }
  }

  private static final Map<String, Operator> OPERATORS = operators();

  /**
   * Makes a description.
   *
   * @param name of an operator
   * @param arguments β, b, the axis, the temperature, or the numbers that options are
   * @throws IllegalArgumentException if there is no such operator, or the arguments are invalid
   */
  public OpDescription {
    arguments = List.copyOf(arguments);
    make(name, arguments);
  }

  /**
   * Makes a description.
   *
   * @param name of an operator
   * @param arguments β, b, the axis, the temperature, or the numbers that options are
   * @throws IllegalArgumentException if there is no such operator, or the arguments are invalid
   */
  public OpDescription(String name, double... arguments) {
    this(name, Arrays.stream(arguments).boxed().toList());
  }

  /**
   * Returns the only argument.
   *
   * @return β, b, the axis or the temperature
   * @throws IllegalStateException if the operator is made of more than one number
   */
  public double argument() {
    if (arguments.size() != 1) {
      throw new IllegalStateException(name + " is made of options, not of one number");
    }
    return arguments.get(0);
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
   * @return what it was made of, or empty where it is not a block of such an operator
   */
  public static Optional<OpDescription> of(Block block) {
    return block instanceof OpBlock op ? op.description() : Optional.empty();
  }

  /**
   * Returns what the operator's argument is called.
   *
   * @param name an operator's, as in a description
   * @return "beta", "b", "axis", "temperature", or "options" where there may be several numbers
   * @throws IllegalArgumentException if there is no such operator
   */
  public static String argumentName(String name) {
    return operator(name).argumentName();
  }

  /**
   * Tells whether an operator is made of options, of which there may be several numbers.
   *
   * @param name an operator's, as in a description
   * @return false for an operator of one number
   * @throws IllegalArgumentException if there is no such operator
   */
  public static boolean hasOptions(String name) {
    return argumentName(name).equals(OPTIONS);
  }

  /**
   * Makes the block again.
   *
   * @return a new block, equal to the one described
   */
  public Block block() {
    return make(name, arguments);
  }

  private static Map<String, Operator> operators() {
    Map<String, Operator> operators = new HashMap<>();
    operators.put("LogSoftmax", Operator.alongAnAxis(LogSoftmax::block, LogSoftmax::gradientBlock));
    operators.put("LogSumExp", Operator.alongAnAxis(LogSumExp::block, LogSumExp::gradientBlock));
    operators.put(
        "GumbelSoftmax",
        Operator.ofOne("temperature", GumbelSoftmaxCall::block, GumbelSoftmaxCall::gradientBlock));
    operators.put(
        "HardGumbelSoftmax",
        Operator.ofOne(
            "temperature", GumbelSoftmaxCall::hardBlock, GumbelSoftmaxCall::hardGradientBlock));
    for (Elementwise elementwise : Operators.ALL) {
      ParametricOp op = new ParametricOp(elementwise);
      String argument = elementwise.parameter().name();
      operators.put(elementwise.name(), Operator.ofOne(argument, op::block, op::gradientBlock));
    }
    for (ElementLosses<?> losses : ElementLosses.ALL) {
      operators.put(losses.name(), Operator.ofLoss(losses));
    }
    ElementLosses<CountOptions> poisson = ElementLosses.poissonLoss();
    operators.put(
        poisson.nameWithCompanion(),
        Operator.ofOptions(
            poisson::options,
            PoissonLoss::blockWithExposure,
            PoissonLoss::gradientBlockWithExposure));
    for (SoftmaxLoss loss : SoftmaxLoss.values()) {
      operators.put(
          loss.operator(),
          Operator.ofSoftmax(
              options -> CrossEntropy.block(loss, options),
              options -> CrossEntropy.gradientBlock(loss, options)));
    }
    operators.put(
        "LinearCrossEntropy",
        Operator.ofSoftmax(LinearCrossEntropy::block, LinearCrossEntropy::gradientBlock));
    return Map.copyOf(operators);
  }

  private static Block make(String name, List<Double> arguments) {
    Operator operator = operator(name);
    double[] numbers = arguments.stream().mapToDouble(Double::doubleValue).toArray();
    return name.endsWith(GRADIENT)
        ? operator.gradientBlock().apply(numbers)
        : operator.block().apply(numbers);
  }

  private static Operator operator(String name) {
    if (!isKnown(name)) {
      throw new IllegalArgumentException("there is no operator " + name);
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
