package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.nn.Block;
import ai.djl.nn.BlockFactory;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
 * <p>It knows the blocks of this package and of this library's operators, and DJL's:
 *
 * <ul>
 *   <li>SequentialBlock, Linear, LinearCollection, Multiplication, Prelu, SparseMax
 *   <li>Conv1d, Conv2d, Conv3d, Conv1dTranspose, Conv2dTranspose
 *   <li>BatchNorm, GhostBatchNorm, LayerNorm, Dropout
 *   <li>RNN, LSTM, GRU
 *   <li>TrainableWordEmbedding with a DefaultVocabulary, TrainableTextEmbedding, IdEmbedding
 *   <li>ScaledDotProductAttentionBlock, PointwiseFeedForwardBlock, TransformerEncoderBlock,
 *       BertBlock, BertNextSentenceBlock, BertPretrainingBlock
 *   <li>blocks and lambdas that are one of the functions of Activation, Pool, {@code
 *       Blocks.identityBlock} or {@code Blocks.batchFlattenBlock}
 * </ul>
 *
 * <p>For blocks of other classes write a {@link BlockKind}; nothing else is made, whatever a file
 * says. What is not saved is what DJL does not save either: initializers, and which parameters are
 * frozen. A block with parameters that occurs twice in a network is refused, since the loaded
 * network would have two of them. To recognise a lambda, saving calls it with placeholder arrays:
 * it must have no side effects.
 *
 * <p>The description is the file <i>name</i>{@code -block.json}, one for all epochs. A {@code
 * serving.properties} with this factory and the name of the model saved last is written too, unless
 * there is one of somebody else's; then, or to choose one of several models in a directory, say
 * {@code optModelName(name)} and {@code optArgument("blockFactory",
 * StableOpsBlockFactory.class.getName())}. {@code optOption("epoch", "3")} chooses an epoch, which
 * is the last otherwise. {@link SaveDescribedModelListener} saves while a model is trained.
 */
public final class StableOpsBlockFactory implements BlockFactory {
  private static final long serialVersionUID = 1;
  private static final int FORMAT = 1;
  private static final String FACTORY = StableOpsBlockFactory.class.getName();
  private static final String ENDING = "-block.json";
  private static final long MOST_BYTES = 1 << 24;

  /** For DJL, which makes one by this class's name. */
  public StableOpsBlockFactory() {}

  /**
   * Saves a model as {@code model.save(directory, name)} does, and what its network is made of.
   *
   * @param model whose block is initialized
   * @param directory is made if it does not exist
   * @param name of the files, the model's if null or empty
   * @throws IllegalArgumentException if the network has a block that the factory does not know;
   *     nothing has been written then
   * @throws IllegalStateException if the model has no block that is initialized
   * @throws IOException if a file cannot be written
   */
  public static void save(Model model, Path directory, @Nullable String name) throws IOException {
    String description = description(model);
    model.save(directory, name);
    write(description, directory, fileName(model, name));
  }

  /**
   * Writes what the network of a model is made of, without parameters, for a model that DJL saves:
   * by {@code Model.save}, or while it is trained. {@link SaveDescribedModelListener} does both.
   *
   * @param model whose block is initialized
   * @param directory of the saved model, is made if it does not exist
   * @param name of its files, the model's if null or empty
   * @throws IllegalArgumentException if the network has a block that the factory does not know;
   *     nothing has been written then
   * @throws IllegalStateException if the model has no block that is initialized
   * @throws IOException if a file cannot be written
   */
  public static void describe(Model model, Path directory, @Nullable String name)
      throws IOException {
    String description = description(model);
    Files.createDirectories(directory);
    write(description, directory, fileName(model, name));
  }

  /** The description, which has been read once. */
  static String description(Model model) {
    Block block = model.getBlock();
    if (block == null || !block.isInitialized()) {
      throw new IllegalStateException("the model must have a block that is initialized");
    }
    requireDistinct(block, Collections.newSetFromMap(new IdentityHashMap<>()));
    JsonObject description = new JsonObject();
    description.addProperty("format", FORMAT);
    description.add("block", BlockDescription.write(block, "block"));
    requireReadable(description);
    String json = new GsonBuilder().setPrettyPrinting().create().toJson(description);
    if (json.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
      throw new IllegalArgumentException(
          "the description of the model must have at most " + MOST_BYTES + " bytes");
    }
    return json;
  }

  /** Blocks that share parameters would come back as blocks that do not. */
  private static void requireDistinct(Block block, Set<Block> seen) {
    if (!seen.add(block) && !block.getDirectParameters().isEmpty()) {
      throw new IllegalArgumentException(
          "the model cannot be described: the same "
              + block.getClass().getSimpleName()
              + " occurs twice in it, and would be loaded as two with parameters of their own");
    }
    block.getChildren().values().forEach(child -> requireDistinct(child, seen));
  }

  /** DJL's builders take settings that a file may not have: a rate of 2, a stride of 0. */
  private static void requireReadable(JsonObject description) {
    try {
      BlockSettings.of("description", description).block("block");
    } catch (MalformedModelException e) {
      throw new IllegalArgumentException("the model cannot be described: " + e.getMessage(), e);
    }
  }

  private static void write(String description, Path directory, @Nullable String name)
      throws IOException {
    Files.writeString(file(directory, name), description);
    writeProperties(directory.resolve("serving.properties"), name);
  }

  private static String fileName(Model model, String name) {
    return name == null || name.isEmpty() ? model.getName() : name;
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
   * @throws java.nio.file.NoSuchFileException if there is none
   * @throws IOException if it cannot be read
   */
  public static Block read(Path directory, @Nullable String name)
      throws IOException, MalformedModelException {
    Path file = file(directory, name);
    BlockSettings settings = BlockSettings.of(file.toString(), parse(file, text(file)));
    int format = settings.integer("format");
    if (format != FORMAT) {
      throw new MalformedModelException(
          "%s must be of format %d, got %d".formatted(file, FORMAT, format));
    }
    Block block = settings.block("block");
    settings.requireNoOthers();
    return block;
  }

  private static String text(Path file) throws IOException, MalformedModelException {
    if (Files.notExists(file)) {
      throw new NoSuchFileException(file.toString(), null, missing(file));
    }
    if (Files.size(file) > MOST_BYTES) {
      throw new MalformedModelException(file + " must have at most " + MOST_BYTES + " bytes");
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new MalformedModelException(file + " must be UTF-8", e);
    }
  }

  private static String missing(Path file) throws IOException {
    return "there is no description of this network;"
        + " create one with StableOpsBlockFactory.describe(model, directory, name)"
        + " where the network is built, or save the model with"
        + " StableOpsBlockFactory.save or SaveDescribedModelListener"
        + others(file.toAbsolutePath().getParent());
  }

  /** A wrong name is what most often leads to a missing file. */
  private static String others(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + ENDING)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          names.add(name.substring(0, name.length() - ENDING.length()));
        }
      }
    }
    return names.isEmpty() ? "" : "; optModelName may be one of " + names;
  }

  private static JsonElement parse(Path file, String text) throws MalformedModelException {
    JsonReader reader = new JsonReader(new StringReader(text));
    try {
      // JsonParser would be lenient; JsonReader.setStrictness is not in the Gson of DJL 0.28.
      JsonElement element = new Gson().getAdapter(JsonElement.class).read(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedModelException(file + " must end after one object");
      }
      return element;
    } catch (IOException | JsonParseException e) {
      throw new MalformedModelException(file + " must be JSON: " + e.getMessage(), e);
    }
  }

  private static Path file(Path directory, @Nullable String name) {
    return directory.resolve(name + ENDING);
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
