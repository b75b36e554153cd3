package org.stableops.integration.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.function.Function;
import java.util.function.Supplier;
import org.stableops.PositiveTransform;
import org.stableops.djl.nn.LearnableSoftplus;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveParameter;
import org.stableops.djl.nn.PositiveScale;

/** The blocks with a positive parameter, for inputs of {@link #INPUT}. */
enum PositiveBlockKind {
  SCALE(
      () -> PositiveScale.builder().optTransform(PositiveTransform.exp()).build(),
      block -> ((PositiveScale) block).scale(),
      new Shape(3),
      "PositiveScale(axis = 1, exp above 0.0)"),
  LAST_AXIS_SCALE(
      () -> PositiveScale.builder().optAxis(-1).optValue(0.5).build(),
      block -> ((PositiveScale) block).scale(),
      new Shape(4),
      "PositiveScale(axis = -1, softplus(beta = 1.0) above 0.0)"),
  LINEAR(
      () -> PositiveLinear.builder().setUnits(5).build(),
      block -> ((PositiveLinear) block).weight(),
      new Shape(5, 4),
      "PositiveLinear(units = 5, bias, softplus(beta = 1.0) above 0.0)"),
  LINEAR_WITHOUT_BIAS(
      () ->
          PositiveLinear.builder()
              .setUnits(2)
              .optBias(false)
              .optTransform(PositiveTransform.squareplus(0.5).withLowerBound(0.01))
              .build(),
      block -> ((PositiveLinear) block).weight(),
      new Shape(2, 4),
      "PositiveLinear(units = 2, no bias, squareplus(b = 0.5) above 0.01)"),
  SQUAREPLUS(
      () -> LearnableSquareplus.builder().build(),
      block -> ((LearnableSquareplus) block).b(),
      new Shape(),
      "LearnableSquareplus(one, softplus(beta = 1.0) above 0.0)"),
  CHANNEL_SQUAREPLUS(
      () -> LearnableSquareplus.builder().optAxis(1).optValue(0.25).build(),
      block -> ((LearnableSquareplus) block).b(),
      new Shape(3),
      "LearnableSquareplus(axis = 1, softplus(beta = 1.0) above 0.0)"),
  SOFTPLUS(
      () -> LearnableSoftplus.builder().optValue(2).build(),
      block -> ((LearnableSoftplus) block).beta(),
      new Shape(),
      "LearnableSoftplus(one, softplus(beta = 1.0) above 0.0)"),
  CHANNEL_SOFTPLUS(
      () -> LearnableSoftplus.builder().optAxis(1).build(),
      block -> ((LearnableSoftplus) block).beta(),
      new Shape(3),
      "LearnableSoftplus(axis = 1, softplus(beta = 1.0) above 0.0)");

  static final Shape INPUT = new Shape(2, 3, 4);

  final Shape parameterShape;
  final String description;
  private final Supplier<Block> factory;
  private final Function<Block, PositiveParameter> parameter;

  PositiveBlockKind(
      Supplier<Block> factory,
      Function<Block, PositiveParameter> parameter,
      Shape parameterShape,
      String description) {
    this.factory = factory;
    this.parameter = parameter;
    this.parameterShape = parameterShape;
    this.description = description;
  }

  Block block() {
    return factory.get();
  }

  PositiveParameter parameter(Block block) {
    return parameter.apply(block);
  }

  Shape outputShape() {
    return switch (this) {
      case LINEAR -> new Shape(2, 3, 5);
      case LINEAR_WITHOUT_BIAS -> new Shape(2, 3, 2);
      default -> INPUT;
    };
  }
}
