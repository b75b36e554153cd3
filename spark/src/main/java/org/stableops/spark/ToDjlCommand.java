package org.stableops.spark;

import ai.djl.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.stableops.djl.nn.StableOpsBlockFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    mixinStandardHelpOptions = true,
    description = "Writes a trained network as a DJL model, up to its logits. Needs no cluster.")
final class ToDjlCommand implements Callable<Integer> {
  @Option(names = "--model", required = true, description = "What train wrote.")
  private Path model;

  @Option(names = "--output", required = true, description = "The directory of the DJL model.")
  private Path output;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    Checks.exists(command, model);
    write(ModelSerializer.restoreMultiLayerNetwork(model.toFile(), false), output);
    command.commandLine().getOut().printf("Wrote %s%n", output);
    return 0;
  }

  static void write(MultiLayerNetwork network, Path directory) throws IOException {
    try (Model model = Model.newInstance("digits")) {
      model.setBlock(Networks.djl(model.getNDManager(), network));
      StableOpsBlockFactory.save(model, directory, "digits");
    }
  }
}
