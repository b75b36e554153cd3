package org.stableops.integration.examples;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CountOptions;
import org.stableops.djl.GumbelSoftmax;
import org.stableops.djl.Squareplus;
import org.stableops.djl.evaluator.MeanDeviance;
import org.stableops.djl.evaluator.SigmoidAccuracy;
import org.stableops.djl.loss.FusedNegativeBinomialLoss;
import org.stableops.djl.loss.FusedPoissonLoss;
import org.stableops.djl.loss.FusedSigmoidCrossEntropyLoss;
import org.stableops.djl.nn.NegativeBinomialHead;
import org.stableops.djl.training.FusedTrainer;

final class DiscreteDjlExample {
  private static final int EPOCHS = 300;
  private static final float LEARNING_RATE = 0.03f;

  private DiscreteDjlExample() {}

  static NDArray yesOrNo(NDArray features, NDArray answers) throws Exception {
    // README: yes or no in DJL
    BinaryCrossEntropyOptions options =
        BinaryCrossEntropyOptions.DEFAULT
            .withPositiveWeights(1, 8, 2) // what a yes of each output counts for
            .withLabelSmoothing(0.02) // a yes is 0.99, a no 0.01
            .withFocalGamma(2); // less weight to what is right already
    FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss(options);
    Block network = // ends with logits, without a sigmoid
        new SequentialBlock()
            .add(Linear.builder().setUnits(16).build())
            .add(Squareplus.block())
            .add(Linear.builder().setUnits(3).build());
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss)
            .addEvaluator(new SigmoidAccuracy("accuracy", loss, 0.5)); // yes above p = 0.5
    // end
    return trained(network, config, data(features, answers), features).gt(0);
  }

  static NDArray poisson(NDArray features, NDArray counts, NDArray hours) throws Exception {
    // README: counts in DJL
    FusedPoissonLoss loss = new FusedPoissonLoss().withExposure(); // the rate is hours · e^output
    ArrayDataset data =
        new ArrayDataset.Builder()
            .setData(features)
            .optLabels(counts, hours) // the counts first
            .setSampling(8, true)
            .build();
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss).addEvaluator(new MeanDeviance(loss));
    // end
    return trained(Linear.builder().setUnits(1).build(), config, data, features).exp();
  }

  static NDArray negativeBinomial(NDArray features, NDArray counts) throws Exception {
    // README: counts that vary more in DJL
    Block network =
        new SequentialBlock()
            .add(Linear.builder().setUnits(16).build())
            .add(Squareplus.block())
            .add(NegativeBinomialHead.builder().setUnits(1).build()); // raw values, and a trained θ
    Loss loss = new FusedNegativeBinomialLoss(CountOptions.DEFAULT.withFullLikelihood());
    // end
    DefaultTrainingConfig config = new DefaultTrainingConfig(loss);
    return trained(network, config, data(features, counts), features).exp();
  }

  static NDArray draw(NDArray logits, long seed, double temperature) {
    // README: a draw in a block of one's own
    NDArray noise = GumbelSoftmax.gumbels(logits, seed); // at every step another seed
    NDArray choice = GumbelSoftmax.hard(logits, noise, temperature); // one-hot rows
    // end
    return choice;
  }

  private static ArrayDataset data(NDArray features, NDArray labels) {
    return new ArrayDataset.Builder()
        .setData(features)
        .optLabels(labels)
        .setSampling(8, true)
        .build();
  }

  /** The first array that the network then puts out. */
  private static NDArray trained(
      Block network, DefaultTrainingConfig config, ArrayDataset data, NDArray features)
      throws Exception {
    config.optOptimizer(
        Optimizer.adam().optLearningRateTracker(Tracker.fixed(LEARNING_RATE)).build());
    try (Model model = Model.newInstance("network")) {
      model.setBlock(network);
      try (Trainer trainer = new FusedTrainer(model, config)) {
        trainer.initialize(new Shape(1, features.getShape().get(1)));
        EasyTrain.fit(trainer, EPOCHS, data, null);
        NDArray outputs = trainer.evaluate(new NDList(features)).head();
        outputs.attach(features.getManager());
        return outputs;
      }
    }
  }
}
