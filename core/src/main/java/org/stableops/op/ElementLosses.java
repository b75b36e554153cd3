package org.stableops.op;

import java.util.List;
import java.util.function.Function;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.internal.Arguments;

/**
 * The losses of elements, as functions of their options.
 *
 * @param <O> their options
 */
public final class ElementLosses<O> {
  private static final ElementLosses<BinaryCrossEntropyOptions> SIGMOID_CROSS_ENTROPY =
      new ElementLosses<>(
          BinaryCrossEntropyOptions.DEFAULT, SigmoidComposite::of, BinaryArguments.INSTANCE);

  private static final ElementLosses<CountOptions> POISSON_LOSS =
      new ElementLosses<>(CountOptions.DEFAULT, PoissonComposite::of, CountArguments.INSTANCE);

  private static final ElementLosses<CountOptions> NEGATIVE_BINOMIAL_LOSS =
      new ElementLosses<>(
          CountOptions.DEFAULT, NegativeBinomialComposite::of, CountArguments.INSTANCE);

  /** All of them. */
  public static final List<ElementLosses<?>> ALL =
      List.of(SIGMOID_CROSS_ENTROPY, POISSON_LOSS, NEGATIVE_BINOMIAL_LOSS);

  private final ElementLoss byDefault;
  private final Function<O, ElementLoss> loss;
  private final OptionNumbers<O> numbers;

  private ElementLosses(O defaults, Function<O, ElementLoss> loss, OptionNumbers<O> numbers) {
    byDefault = loss.apply(defaults);
    this.loss = loss;
    this.numbers = numbers;
  }

  /** Options as numbers, which a graph stores. */
  interface OptionNumbers<O> {
    /** All that the options are. */
    double[] write(O options);

    /** The options that were written. */
    O read(double[] numbers);
  }

  /** The cross-entropy of yes or no. */
  public static ElementLosses<BinaryCrossEntropyOptions> sigmoidCrossEntropy() {
    return SIGMOID_CROSS_ENTROPY;
  }

  /** The Poisson loss of counts. */
  public static ElementLosses<CountOptions> poissonLoss() {
    return POISSON_LOSS;
  }

  /** The negative binomial loss of counts. */
  public static ElementLosses<CountOptions> negativeBinomialLoss() {
    return NEGATIVE_BINOMIAL_LOSS;
  }

  /**
   * Returns the loss with options.
   *
   * @param options any
   * @return the loss
   * @throws IllegalArgumentException if they are null
   */
  public ElementLoss of(O options) {
    return loss.apply(Arguments.requireGiven("options", options));
  }

  /** The name of the public classes. */
  public String name() {
    return byDefault.name();
  }

  /** The name of a block that takes a companion which the loss can do without. */
  public String nameWithCompanion() {
    return byDefault.nameWithCompanion();
  }

  /** Whether there is a gradient by the companion, whatever the options. */
  public boolean hasCompanionGradient() {
    return byDefault.hasCompanionGradient();
  }

  /** The name in graphs of SameDiff. */
  public String graphName() {
    return byDefault.graphName();
  }

  /** The name of the gradient in graphs of SameDiff. */
  public String gradientGraphName() {
    return byDefault.gradientGraphName();
  }

  /**
   * Returns options as numbers, which a graph stores.
   *
   * @param options any
   * @return numbers for {@link #options}
   * @throws IllegalArgumentException if they are null
   */
  public double[] numbers(O options) {
    return numbers.write(Arguments.requireGiven("options", options));
  }

  /**
   * Returns the options that numbers are.
   *
   * @param stored of {@link #numbers}
   * @return the options
   * @throws IllegalArgumentException if they are others
   */
  public O options(double[] stored) {
    return numbers.read(stored);
  }
}
