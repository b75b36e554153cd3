package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.evaluator.Evaluator;
import org.junit.jupiter.api.Test;
import org.stableops.djl.evaluator.MeanDeviance;
import org.stableops.djl.evaluator.SigmoidAccuracy;
import org.stableops.djl.loss.FusedNegativeBinomialLoss;
import org.stableops.djl.loss.FusedPoissonLoss;
import org.stableops.djl.loss.FusedSigmoidCrossEntropyLoss;

/** The accuracy at a threshold, and the mean deviance, of what a loss counts. */
class ElementEvaluatorsTest extends OnBothPaths {
  private static double twice(Evaluator evaluator, NDList labels, NDList predictions) {
    evaluator.addAccumulator("train");
    evaluator.updateAccumulator("train", labels, predictions);
    evaluator.updateAccumulator("train", labels, predictions);
    try (NDArray once = evaluator.evaluate(labels, predictions)) {
      assertEquals(once.getFloat(), evaluator.getAccumulator("train"));
    }
    return evaluator.getAccumulator("train");
  }

  @Test
  void answersAtAThreshold() {
    NDArray logits = manager.create(new float[] {2, -1, 0, 0.5f, Float.NaN});
    NDArray targets = manager.create(new float[] {1, 1, 0, 0.25f, 1});
    FusedSigmoidCrossEntropyLoss loss = new FusedSigmoidCrossEntropyLoss();
    NDList predictions = new NDList(logits);
    assertEquals(0.4f, twice(new SigmoidAccuracy(loss), new NDList(targets), predictions));
    // The probability of 0.5 is 0.62.
    Evaluator strict = new SigmoidAccuracy("strict", loss, 0.7);
    assertEquals(0.6f, twice(strict, new NDList(targets), predictions));
    Evaluator generous = new SigmoidAccuracy("generous", loss, 0.2);
    assertEquals(0.4f, twice(generous, new NDList(targets), predictions));
  }

  @Test
  void elementsCountByTheirWeight() {
    NDArray logits = manager.create(new float[][] {{2}, {-1}, {Float.NaN}});
    NDArray targets = manager.create(new boolean[] {true, true, false});
    NDArray weights = manager.create(new float[] {3, 1, 0});
    SigmoidAccuracy accuracy =
        new SigmoidAccuracy(new FusedSigmoidCrossEntropyLoss().withSampleWeights());
    assertEquals(0.75, twice(accuracy, new NDList(targets, weights), new NDList(logits)));
    NDArray nothing = manager.zeros(weights.getShape());
    assertEquals(Double.NaN, twice(accuracy, new NDList(targets, nothing), new NDList(logits)));
  }

  @Test
  void refusesWhatTheLossRefuses() {
    NDArray logits = manager.create(new float[] {2, -1});
    SigmoidAccuracy accuracy = new SigmoidAccuracy(new FusedSigmoidCrossEntropyLoss());
    NDList targets = new NDList(manager.create(new float[] {2, 0}));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> accuracy.evaluate(targets, new NDList(logits)))
            .getMessage();
    assertEquals("targets[0] must be in [0, 1], got 2.0", message);
    assertEquals(
        "threshold must be between 0 and 1, got 1.0",
        assertThrows(
                IllegalArgumentException.class,
                () -> new SigmoidAccuracy("x", new FusedSigmoidCrossEntropyLoss(), 1))
            .getMessage());
  }

  @Test
  void meanDeviances() {
    NDArray raw = manager.create(new float[][] {{0.5f}, {-1}, {2}});
    NDArray counts = manager.create(new int[] {3, 0, 25});
    NDArray weights = manager.create(new double[] {1, 2, 0});
    double expected = 0;
    double[] rates = {Math.exp(0.5), Math.exp(-1)};
    expected += 2 * (rates[0] - 3 + 3 * Math.log(3 / rates[0]));
    expected += 2 * 2 * rates[1];
    FusedPoissonLoss poisson = new FusedPoissonLoss().withSampleWeights();
    MeanDeviance deviance = new MeanDeviance(poisson);
    NDList labels = new NDList(counts, weights);
    assertEquals(expected / 3, twice(deviance, labels, new NDList(raw)), 1e-6);
    // Of so large an inverse dispersion it is Poisson's.
    NDArray theta = manager.create(1e12f);
    MeanDeviance negativeBinomial =
        new MeanDeviance(new FusedNegativeBinomialLoss().withSampleWeights());
    assertEquals(expected / 3, twice(negativeBinomial, labels, new NDList(raw, theta)), 1e-6);
  }
}
