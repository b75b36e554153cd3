package org.stableops.integration.demo;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingConfig;
import ai.djl.training.optimizer.Optimizer;

/**
 * A Trainer for float64. The first {@link Trainer#step()} of the stock one sums up all gradients
 * and reads the sum as a float, which a float64 array refuses.
 */
final class Float64Trainer extends Trainer {
  private final Optimizer optimizer;

  Float64Trainer(Model model, TrainingConfig config) {
    super(model, config);
    optimizer = config.getOptimizer();
  }

  @Override
  public void step() {
    getModel().getBlock().getParameters().values().forEach(this::update);
  }

  private void update(Parameter parameter) {
    try (NDArray gradient = parameter.getArray().getGradient()) {
      optimizer.update(parameter.getId(), parameter.getArray(), gradient);
    }
  }
}
