package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/**
 * Makes the network of a saved model again, so that {@code Criteria} loads it without code of the
 * user's: {@link #save} writes what the network is made of beside the parameters that DJL saves,
 * and DJL asks this factory for the network before it reads them.
 *
 * <pre>{@code
 * Path directory = Files.createTempDirectory("model");
 * try (Model model = Model.newInstance("rates")) {
 *   model.setBlock(
 *       new SequentialBlock()
 *           .add(Linear.builder().setUnits(4).build())
 *           .add(Squareplus.block(0.5))
 *           .add(PositiveScale.builder().build()));
 *   model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 3));
 *   StableOpsBlockFactory.save(model, directory, "rates");
 * }
 * Criteria<NDList, NDList> criteria =
 *     Criteria.builder().setTypes(NDList.class, NDList.class).optModelPath(directory).build();
 * try (ZooModel<NDList, NDList> model = criteria.loadModel();
 *     ai.djl.inference.Predictor<NDList, NDList> predictor = model.newPredictor();
 *     NDManager manager = NDManager.newBaseManager()) {
 *   NDList y = predictor.predict(new NDList(manager.ones(new Shape(1, 3))));
 * }
 * }</pre>
 *
 * <p>It knows SequentialBlocks of SequentialBlocks, Linear, DJL's activations without parameters,
 * identity and batch flatten, the blocks of this library's operators except the cross-entropies,
 * and the blocks of this package, and makes nothing else whatever a file says. For other blocks
 * write a BlockFactory of your own.
 *
 * <p>The description is the file <i>name</i>{@code -block.json}. A {@code serving.properties} with
 * this factory and the name of the model saved last is written too, unless there is one of somebody
 * else's; then, or to choose one of several models in a directory, say {@code optModelName(name)}
 * and {@code optArgument("blockFactory", StableOpsBlockFactory.class.getName())}.
 */
public final class StableOpsBlockFactory implements BlockFactory {
  private static final long serialVersionUID = 1;
  private static final int FORMAT = 1;
  private static final String FACTORY = StableOpsBlockFactory.class.getName();
  private static final long MOST_BYTES = 1 << 24;

  /** For DJL, which makes one by this class's name. */
  public StableOpsBlockFactory() {}

  /**
   * Saves a model as {@code model.save(directory, name)} does, and what its network is made of.
   *
   * @param model whose block is initialized
   * @param directory is made if it does not exist
   * @param name of the files
   * @throws IllegalArgumentException if the network has a block that the factory does not know;
   *     nothing has been written then
   * @throws IllegalStateException if the model has no block that is initialized
   * @throws IOException if a file cannot be written
   */
  public static void save(Model model, Path directory, String name) throws IOException {
    Block block = model.getBlock();
    if (block == null || !block.isInitialized()) {
      throw new IllegalStateException("the model must have a block that is initialized");
    }
    JsonObject description = new JsonObject();
    description.addProperty("format", FORMAT);
    description.add("block", BlockDescription.write(block));
    String json = new GsonBuilder().setPrettyPrinting().create().toJson(description);
    model.save(directory, name);
    Files.writeString(file(directory, name), json);
    writeProperties(directory.resolve("serving.properties"), name);
  }

  /** Where there is another's, it stays; ours names the model that was saved last. */
  private static void writeProperties(Path file, String name) throws IOException {
    Properties properties = new Properties();
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        properties.load(reader);
      }
      if (!FACTORY.equals(properties.getProperty("blockFactory"))) {
        return;
      }
    }
    properties.setProperty("engine", "PyTorch");
    properties.setProperty("blockFactory", FACTORY);
    properties.setProperty("option.modelName", name);
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
  }

  /**
   * Makes the network that a description tells of.
   *
   * @param directory of a saved model
   * @param name of its files
   * @return the network, without parameters
   * @throws MalformedModelException if the description is not one of this version, or invalid
   * @throws IOException if it cannot be read
   */
  public static Block read(Path directory, String name)
      throws IOException, MalformedModelException {
    Path file = file(directory, name);
    if (Files.size(file) > MOST_BYTES) {
      throw new MalformedModelException(file + " must have at most " + MOST_BYTES + " bytes");
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new MalformedModelException(file + " must be UTF-8", e);
    }
    Members members = Members.of(file.toString(), parse(file, text));
    int format = members.integer("format");
    if (format != FORMAT) {
      throw new MalformedModelException(
          "%s must be of format %d, got %d".formatted(file, FORMAT, format));
    }
    Block block = BlockDescription.read(members.object("block"));
    members.requireNoOthers();
    return block;
  }

  private static JsonElement parse(Path file, String text) throws MalformedModelException {
    JsonReader reader = new JsonReader(new StringReader(text));
    reader.setStrictness(Strictness.STRICT);
    try {
      JsonElement element = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedModelException(file + " must end after one object");
      }
      return element;
    } catch (IOException | JsonParseException e) {
      throw new MalformedModelException(file + " must be JSON: " + e.getMessage(), e);
    }
  }

  private static Path file(Path directory, String name) {
    return directory.resolve(name + "-block.json");
  }

  /**
   * Makes the network of a model that DJL is loading.
   *
   * @param model whose name is that of the files
   * @param modelPath their directory
   * @param arguments not read
   * @return the network, without parameters
   * @throws IOException if the description cannot be read, or, with a MalformedModelException as
   *     its cause, is invalid
   */
  @Override
  public Block newBlock(Model model, Path modelPath, Map<String, ?> arguments) throws IOException {
    try {
      return read(modelPath, model.getName());
    } catch (MalformedModelException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
