package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a block is made of, by name: a {@link BlockKind} puts it in when a network is saved, and
 * asks for it when the network is loaded. In the file it is an object of JSON.
 *
 * <p>A getter throws MalformedModelException, naming the file and the place, where a setting is
 * missing or of another type; a setting that nobody asks for is refused too.
 *
 * <pre>{@code
 * class Clip extends AbstractBlock {
 *   final double limit;
 *
 *   Clip(double limit) {
 *     this.limit = limit;
 *   }
 *
 *   @Override
 *   protected NDList forwardInternal(
 *       ParameterStore store, NDList x, boolean training, ai.djl.util.PairList<String, Object> p) {
 *     return new NDList(x.singletonOrThrow().clip(-limit, limit));
 *   }
 *
 *   @Override
 *   public Shape[] getOutputShapes(Shape[] shapes) {
 *     return shapes;
 *   }
 * }
 *
 * class ClipKind implements BlockKind<Clip> {
 *   @Override
 *   public Class<Clip> type() {
 *     return Clip.class;
 *   }
 *
 *   @Override
 *   public void write(Clip block, BlockSettings settings) {
 *     settings.put("limit", block.limit);
 *   }
 *
 *   @Override
 *   public Clip read(BlockSettings settings) throws MalformedModelException {
 *     return new Clip(settings.number("limit", 0, 1e6));
 *   }
 * }
 * }</pre>
 */
public final class BlockSettings {
  static final String KIND = "kind";

  private static final int MOST_CHARACTERS = 60;

  /** Nothing sane is deeper, and a deeper one would end the stack. */
  private static final int MOST_LEVELS = 100;

  /** Layers that a number stands for: a short file must not ask for all memory. */
  private static final int MOST_LAYERS = 10_000;

  private final String where;
  private final JsonObject object;
  private final int level;
  private final Set<String> unread;

  /** One for a whole file. */
  private final int[] layersLeft;

  private BlockSettings(String where, JsonObject object, int level, int[] layersLeft) {
    this.where = where;
    this.object = object;
    this.level = level;
    this.layersLeft = layersLeft;
    unread = new HashSet<>(object.keySet());
  }

  /** Settings to be put in. */
  static BlockSettings of(String where, String kind) {
    BlockSettings settings = new BlockSettings(where, new JsonObject(), 0, new int[0]);
    settings.put(KIND, kind);
    return settings;
  }

  /** Settings to be asked for. */
  static BlockSettings of(String where, JsonElement element) throws MalformedModelException {
    return of(where, element, 0, new int[] {MOST_LAYERS});
  }

  private static BlockSettings of(String where, JsonElement element, int level, int[] layersLeft)
      throws MalformedModelException {
    if (!(element instanceof JsonObject object)) {
      throw new MalformedModelException(where + " must be an object, got " + excerpt(element));
    }
    return new BlockSettings(where, object, level, layersLeft);
  }

  // ---- written

  /**
   * Puts in a number.
   *
   * @param name of the setting
   * @param value finite
   */
  public void put(String name, Number value) {
    if (!Double.isFinite(value.doubleValue())) {
      throw new IllegalArgumentException(
          "%s.%s must be finite, got %s".formatted(where, name, value));
    }
    add(name, new JsonPrimitive(value));
  }

  /**
   * Puts in true or false.
   *
   * @param name of the setting
   * @param value any
   */
  public void put(String name, boolean value) {
    add(name, new JsonPrimitive(value));
  }

  /**
   * Puts in a text.
   *
   * @param name of the setting
   * @param value any
   */
  public void put(String name, String value) {
    add(name, new JsonPrimitive(value));
  }

  /**
   * Puts in a shape.
   *
   * @param name of the setting
   * @param value any; its layout is not kept
   */
  public void put(String name, Shape value) {
    JsonArray sizes = new JsonArray();
    Arrays.stream(value.getShape()).forEach(sizes::add);
    add(name, sizes);
  }

  /**
   * Puts in a block.
   *
   * @param name of the setting
   * @param value a block that the factory knows
   * @throws IllegalArgumentException if the factory does not know it
   */
  public void put(String name, Block value) {
    add(name, BlockDescription.write(value, where + "." + name));
  }

  /**
   * Puts in blocks.
   *
   * @param name of the setting
   * @param values blocks that the factory knows
   * @throws IllegalArgumentException if the factory does not know one of them
   */
  public void putBlocks(String name, List<? extends Block> values) {
    JsonArray blocks = new JsonArray();
    for (Block value : values) {
      blocks.add(BlockDescription.write(value, item(name, blocks.size())));
    }
    add(name, blocks);
  }

  void putStrings(String name, List<String> values) {
    JsonArray strings = new JsonArray();
    values.forEach(strings::add);
    add(name, strings);
  }

  void putNumbers(String name, List<Double> values) {
    JsonArray numbers = new JsonArray();
    values.forEach(numbers::add);
    add(name, numbers);
  }

  private void add(String name, JsonElement value) {
    if (object.has(name)) {
      throw new IllegalArgumentException(where + " has " + name + " already");
    }
    object.add(name, value);
  }

  JsonObject json() {
    return object;
  }

  // ---- read

  /**
   * Returns a text.
   *
   * @param name of the setting
   * @return the text
   * @throws MalformedModelException if there is none of this name
   */
  public String string(String name) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isString(), name, "a string");
    return value.getAsString();
  }

  /**
   * Returns true or false.
   *
   * @param name of the setting
   * @return which of them
   * @throws MalformedModelException if there is none of this name
   */
  public boolean bool(String name) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isBoolean(), name, "true or false");
    return value.getAsBoolean();
  }

  /**
   * Returns a number.
   *
   * @param name of the setting
   * @return the number, finite
   * @throws MalformedModelException if there is none of this name
   */
  public double number(String name) throws MalformedModelException {
    return number(name, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  /**
   * Returns a number between bounds.
   *
   * @param name of the setting
   * @param least that it may be
   * @param most that it may be
   * @return the number
   * @throws MalformedModelException if there is none of this name, or it is out of bounds
   */
  public double number(String name, double least, double most) throws MalformedModelException {
    return bounded(name, least, most).getAsDouble();
  }

  /** The float that was put in, which need not be the one nearest to a double between them. */
  float floatNumber(String name, double least, double most) throws MalformedModelException {
    return bounded(name, least, most).getAsFloat();
  }

  /** Any float. */
  float floatNumber(String name) throws MalformedModelException {
    return floatNumber(name, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  private JsonPrimitive bounded(String name, double least, double most)
      throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isNumber(), name, "a number");
    double number = value.getAsDouble();
    require(number >= least && number <= most, name, "from " + least + " to " + most);
    return value;
  }

  /**
   * Returns an integer.
   *
   * @param name of the setting
   * @return the integer
   * @throws MalformedModelException if there is none of this name
   */
  public int integer(String name) throws MalformedModelException {
    return integer(name, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /**
   * Returns an integer between bounds.
   *
   * @param name of the setting
   * @param least that it may be
   * @param most that it may be
   * @return the integer
   * @throws MalformedModelException if there is none of this name, or it is out of bounds
   */
  public int integer(String name, int least, int most) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isNumber(), name, "an integer");
    double number = value.getAsDouble();
    require(number == (int) number, name, "an integer");
    require(number >= least && number <= most, name, "from " + least + " to " + most);
    return (int) number;
  }

  /** How many there are of what has a size: units, channels. */
  int size(String name) throws MalformedModelException {
    return integer(name, 1, Integer.MAX_VALUE);
  }

  /** How many layers shall be made. */
  int layers(String name, int least) throws MalformedModelException {
    int layers = integer(name, least, layersLeft[0]);
    layersLeft[0] -= layers;
    return layers;
  }

  /**
   * Returns a shape.
   *
   * @param name of the setting
   * @return the shape
   * @throws MalformedModelException if there is none of this name
   */
  public Shape shape(String name) throws MalformedModelException {
    List<JsonElement> sizes = list(name);
    long[] shape = new long[sizes.size()];
    for (int i = 0; i < shape.length; i++) {
      JsonElement size = sizes.get(i);
      boolean isNumber = size instanceof JsonPrimitive number && number.isNumber();
      require(isNumber && size.getAsDouble() == (int) size.getAsDouble(), name, "a shape");
      shape[i] = (int) size.getAsDouble();
    }
    return new Shape(shape);
  }

  /** A shape whose sizes are bounded. */
  Shape shape(String name, int least) throws MalformedModelException {
    Shape shape = shape(name);
    boolean isBounded = Arrays.stream(shape.getShape()).allMatch(size -> size >= least);
    require(isBounded, name, "sizes >= " + least);
    return shape;
  }

  /** A shape of as many axes, whose sizes are bounded. */
  Shape shape(String name, int axes, int least) throws MalformedModelException {
    Shape shape = shape(name, least);
    require(shape.dimension() == axes, name, "a shape of " + axes + " axes");
    return shape;
  }

  /**
   * Returns a block.
   *
   * @param name of the setting
   * @return the block, without parameters
   * @throws MalformedModelException if there is none of this name
   */
  public Block block(String name) throws MalformedModelException {
    return BlockDescription.read(inner(where + "." + name, member(name)));
  }

  /** A block that must be of a class. */
  <B extends Block> B block(String name, Class<B> type) throws MalformedModelException {
    Block block = block(name);
    require(type.isInstance(block), name, "a " + type.getSimpleName());
    return type.cast(block);
  }

  /**
   * Returns blocks.
   *
   * @param name of the setting
   * @return the blocks, without parameters
   * @throws MalformedModelException if there are none of this name
   */
  public List<Block> blocks(String name) throws MalformedModelException {
    List<Block> blocks = new ArrayList<>();
    for (JsonElement element : list(name)) {
      blocks.add(BlockDescription.read(inner(item(name, blocks.size()), element)));
    }
    return blocks;
  }

  List<String> strings(String name) throws MalformedModelException {
    List<String> strings = new ArrayList<>();
    for (JsonElement element : list(name)) {
      boolean isString = element instanceof JsonPrimitive text && text.isString();
      require(isString, name, "a list of strings");
      strings.add(element.getAsString());
    }
    return strings;
  }

  List<Double> numbers(String name) throws MalformedModelException {
    List<Double> numbers = new ArrayList<>();
    for (JsonElement element : list(name)) {
      boolean isNumber = element instanceof JsonPrimitive number && number.isNumber();
      require(isNumber, name, "a list of numbers");
      numbers.add(element.getAsDouble());
    }
    return numbers;
  }

  /**
   * Tells whether there is a setting.
   *
   * @param name of the setting
   * @return whether it has been put in
   */
  public boolean has(String name) {
    return object.has(name);
  }

  String where() {
    return where;
  }

  /** What nobody asked for may change what the others mean. */
  void requireNoOthers() throws MalformedModelException {
    if (!unread.isEmpty()) {
      throw new MalformedModelException(where + " must have no other members, got " + unread);
    }
  }

  private BlockSettings inner(String path, JsonElement element) throws MalformedModelException {
    if (level > MOST_LEVELS) {
      throw new MalformedModelException("blocks must be at most " + MOST_LEVELS + " levels deep");
    }
    return of(path, element, level + 1, layersLeft);
  }

  private String item(String name, int index) {
    return where + "." + name + "[" + index + "]";
  }

  private List<JsonElement> list(String name) throws MalformedModelException {
    JsonElement value = member(name);
    require(value.isJsonArray(), name, "a list");
    return value.getAsJsonArray().asList();
  }

  private JsonPrimitive primitive(String name) throws MalformedModelException {
    JsonElement value = member(name);
    require(value.isJsonPrimitive(), name, "a string, number, true or false");
    return value.getAsJsonPrimitive();
  }

  private JsonElement member(String name) throws MalformedModelException {
    JsonElement value = object.get(name);
    if (value == null) {
      throw new MalformedModelException(where + " must have the member " + name);
    }
    unread.remove(name);
    return value;
  }

  private void require(boolean condition, String name, String what) throws MalformedModelException {
    if (!condition) {
      throw new MalformedModelException(
          "%s.%s must be %s, got %s".formatted(where, name, what, excerpt(object.get(name))));
    }
  }

  /** A file may be long. */
  private static String excerpt(JsonElement element) {
    String text = element.toString();
    return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
  }
}
