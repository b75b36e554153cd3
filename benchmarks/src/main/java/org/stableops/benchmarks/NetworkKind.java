package org.stableops.benchmarks;

import java.util.function.DoubleUnaryOperator;

/** Who competes on a network: the hidden layers' activation, and the loss. */
enum NetworkKind {
  STOCK_SOFTPLUS("softplus, all stock", NetworkKind::softplus, NetworkKind::sigmoid),
  SOFTPLUS("softplus, our loss", NetworkKind::softplus, NetworkKind::sigmoid),
  STOCK_RELU("relu, all stock", NetworkKind::relu, NetworkKind::reluGradient),
  SQUAREPLUS("squareplus, our loss", NetworkKind::squareplus, NetworkKind::squareplusGradient),
  RELU("relu, our loss", NetworkKind::relu, NetworkKind::reluGradient);

  final DoubleUnaryOperator activation;

  /** Of the activation. */
  final DoubleUnaryOperator gradient;

  private final String text;

  NetworkKind(String text, DoubleUnaryOperator activation, DoubleUnaryOperator gradient) {
    this.text = text;
    this.activation = activation;
    this.gradient = gradient;
  }

  private static double softplus(double x) {
    return Math.log1p(Math.exp(x));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double relu(double x) {
    return Math.max(x, 0);
  }

  private static double reluGradient(double x) {
    return x > 0 ? 1 : 0;
  }

  private static double squareplus(double x) {
    return (x + Math.sqrt(x * x + 4)) / 2;
  }

  private static double squareplusGradient(double x) {
    return (1 + x / Math.sqrt(x * x + 4)) / 2;
  }

  @Override
  public String toString() {
    return text;
  }
}
