package org.stableops.djl.nn;

import ai.djl.Model;
import ai.djl.training.Trainer;
import ai.djl.training.listener.SaveModelTrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves a model while it is trained, as DJL's SaveModelTrainingListener does, and what its network
 * is made of, so that {@code Criteria} loads it by {@link StableOpsBlockFactory}.
 *
 * <p>The first batch throws IllegalArgumentException if the network has a block that the factory
 * does not know, rather than the end of the training.
 *
 * <pre>{@code
 * try (Model model = Model.newInstance("rates")) {
 *   model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(4).build()));
 *   TrainingConfig config =
 *       new DefaultTrainingConfig(Loss.l2Loss())
 *           .addTrainingListeners(new SaveDescribedModelListener("models", null, 1));
 *   try (Trainer trainer = model.newTrainer(config)) {
 *     trainer.initialize(new Shape(1, 3));
 *     // EasyTrain.fit(trainer, epochs, trainingSet, validationSet);
 *   }
 * }
 * }</pre>
 */
public class SaveDescribedModelListener extends SaveModelTrainingListener {
  private static final Logger LOGGER = LoggerFactory.getLogger(SaveDescribedModelListener.class);

  private final Path directory;
  private boolean isDescribable;

  /**
   * Creates a listener that saves at the end of the training.
   *
   * @param directory is made if it does not exist
   */
  public SaveDescribedModelListener(String directory) {
    this(directory, null, -1);
  }

  /**
   * Creates a listener.
   *
   * @param directory is made if it does not exist
   * @param name of the files, or null for the model's
   * @param checkpoint the number of epochs from one save to the next, or -1 for one at the end
   */
  public SaveDescribedModelListener(String directory, @Nullable String name, int checkpoint) {
    super(directory, name, checkpoint);
    this.directory = Path.of(directory);
  }

  @Override
  public void onTrainingBatch(Trainer trainer, BatchData batchData) {
    super.onTrainingBatch(trainer, batchData);
    if (!isDescribable) {
      StableOpsBlockFactory.description(trainer.getModel());
      isDescribable = true;
    }
  }

  /** Like DJL's logs a file that cannot be written: the training goes on. */
  @Override
  protected void saveModel(Trainer trainer) {
    super.saveModel(trainer);
    Model model = trainer.getModel();
    try {
      StableOpsBlockFactory.describe(model, directory, getOverrideModelName());
    } catch (IOException e) {
      LOGGER.error("Failed to save the description of " + model.getName(), e);
    }
  }
}
