package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.pooling.Pool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A function without parameters that DJL makes blocks of. Such a block is a lambda that tells
 * nothing but a name, which anybody may give to another function, so they are recognised by the
 * {@link Calls} they make.
 *
 * @param axes of an input that it takes
 * @param find its arguments in calls
 */
record FunctionKind(
    String name,
    int axes,
    List<Setting> settings,
    Function<Calls, Optional<List<Object>>> find,
    Function<List<Object>, Block> factory) {

  /** An argument of a function. */
  private record Setting(String name, Class<?> type, int least) {
    static Setting number(String name) {
      return new Setting(name, Float.class, 0);
    }

    void write(Object value, BlockSettings settings) {
      if (value instanceof Shape shape) {
        settings.put(name, shape);
      } else if (value instanceof Boolean truth) {
        settings.put(name, truth.booleanValue());
      } else {
        settings.put(name, (Number) value);
      }
    }

    Object read(BlockSettings settings, int axes) throws MalformedModelException {
      if (type == Shape.class) {
        return settings.shape(name, axes, least);
      }
      if (type == Boolean.class) {
        return settings.bool(name);
      }
      return type == Float.class ? settings.floatNumber(name) : (Object) settings.size(name);
    }
  }

  private static final Setting ALPHA = Setting.number("alpha");
  private static final Setting BETA = Setting.number("beta");
  private static final Setting NORM = Setting.number("normType");
  private static final Setting KERNEL = new Setting("kernelShape", Shape.class, 1);
  private static final Setting STRIDE = new Setting("stride", Shape.class, 1);
  private static final Setting PADDING = new Setting("padding", Shape.class, 0);
  private static final Setting CEIL = new Setting("ceilMode", Boolean.class, 0);
  private static final Setting INCLUDE_PADDING = new Setting("countIncludePad", Boolean.class, 0);
  private static final Setting SIZE = new Setting("size", Integer.class, 1);

  private static final int BATCH_AND_CHANNELS = 2;

  /** The first of them are shapes. Two: flattening to a given size may be right for one. */
  private static final List<long[]> SIZES =
      List.of(new long[] {2, 3, 4, 5, 6}, new long[] {7, 5, 3, 2, 4});

  private static final List<FunctionKind> ALL =
      List.of(
          constant(2, Activation::reluBlock),
          constant(2, Activation::relu6Block),
          constant(2, Activation::sigmoidBlock),
          constant(2, Activation::tanhBlock),
          constant(2, Activation::softPlusBlock),
          constant(2, Activation::softSignBlock),
          constant(2, Activation::seluBlock),
          constant(2, Activation::geluBlock),
          constant(2, Activation::mishBlock),
          ofNumber("LeakyReLU", "leakyRelu", ALPHA, Activation::leakyReluBlock),
          ofNumber("ELU", "elu", ALPHA, Activation::eluBlock),
          ofNumber("Swish", "swish", BETA, Activation::swishBlock),
          constant(2, Blocks::identityBlock),
          constant(3, Blocks::batchFlattenBlock),
          batchFlattenTo(),
          maxPool("maxPool1d", 1, Pool::maxPool1dBlock),
          maxPool("maxPool2d", 2, Pool::maxPool2dBlock),
          maxPool("maxPool3d", 3, Pool::maxPool3dBlock),
          averagePool("avgPool1d", 1, Pool::avgPool1dBlock),
          averagePool("avgPool2d", 2, Pool::avgPool2dBlock),
          averagePool("avgPool3d", 3, Pool::avgPool3dBlock),
          normPool("lpPool1d", 1, Pool::lpPool1dBlock),
          normPool("lpPool2d", 2, Pool::lpPool2dBlock),
          normPool("lpPool3d", 3, Pool::lpPool3dBlock),
          constant(3, Pool::globalMaxPool1dBlock),
          constant(4, Pool::globalMaxPool2dBlock),
          constant(5, Pool::globalMaxPool3dBlock),
          constant(3, Pool::globalAvgPool1dBlock),
          constant(4, Pool::globalAvgPool2dBlock),
          constant(5, Pool::globalAvgPool3dBlock),
          globalNormPool("globalLpPool1d", 1, Pool::globalLpPool1dBlock),
          globalNormPool("globalLpPool2d", 2, Pool::globalLpPool2dBlock),
          globalNormPool("globalLpPool3d", 3, Pool::globalLpPool3dBlock));

  /** A block of a float. */
  @FunctionalInterface
  private interface OfNumber {
    Block block(float number);
  }

  /** The block of a maximum's pool. */
  @FunctionalInterface
  private interface MaxPool {
    Block block(Shape kernel, Shape stride, Shape padding, boolean ceilMode);
  }

  /** The block of an average's pool. */
  @FunctionalInterface
  private interface AveragePool {
    Block block(Shape kernel, Shape stride, Shape padding, boolean ceilMode, boolean includePad);
  }

  /** The block of a norm's pool. */
  @FunctionalInterface
  private interface NormPool {
    Block block(float norm, Shape kernel, Shape stride, Shape padding, boolean ceilMode);
  }

  /** A function, and the arguments that a block of it was made with. */
  record Described(FunctionKind kind, List<Object> arguments) {
    void write(BlockSettings settings) {
      for (int i = 0; i < arguments.size(); i++) {
        kind.settings.get(i).write(arguments.get(i), settings);
      }
    }
  }

  static Optional<FunctionKind> named(String name) {
    return ALL.stream().filter(kind -> kind.name.equals(name)).findFirst();
  }

  /** Tells which function a block is of, if it is of one. */
  static Optional<Described> of(Block block) {
    return block.getClass() == LambdaBlock.class
        ? ALL.stream().flatMap(kind -> kind.describe(block).stream()).findFirst()
        : Optional.empty();
  }

  Block read(BlockSettings values) throws MalformedModelException {
    List<Object> arguments = new ArrayList<>();
    for (Setting setting : settings) {
      arguments.add(setting.read(values, axes - BATCH_AND_CHANNELS));
    }
    return factory.apply(arguments);
  }

  private Optional<Described> describe(Block block) {
    return find.apply(Calls.of(block, shape(SIZES.get(0))))
        .filter(this::areOfTheTypes)
        .filter(arguments -> isSame(block, factory.apply(arguments)))
        .map(arguments -> new Described(this, arguments));
  }

  private boolean isSame(Block block, Block other) {
    return SIZES.stream()
            .map(this::shape)
            .allMatch(shape -> Calls.of(block, shape).areSameAs(Calls.of(other, shape)))
        && isSameOfTwo(block, other);
  }

  /** What takes the first of its inputs, or adds them up, is the identity of one input only. */
  private boolean isSameOfTwo(Block block, Block other) {
    Shape shape = shape(SIZES.get(0));
    Calls ofTwo = Calls.of(block, shape, 2);
    Calls expected = Calls.of(other, shape, 2);
    return ofTwo.areSameAs(expected) || ofTwo.failAs(expected);
  }

  private Shape shape(long[] sizes) {
    return new Shape(Arrays.copyOf(sizes, axes));
  }

  private boolean areOfTheTypes(List<Object> arguments) {
    for (int i = 0; i < settings.size(); i++) {
      if (!settings.get(i).type().isInstance(arguments.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static FunctionKind constant(int axes, Supplier<Block> factory) {
    String name = ((LambdaBlock) factory.get()).getName();
    return new FunctionKind(
        name, axes, List.of(), calls -> Optional.of(List.of()), none -> factory.get());
  }

  /** A function that is one method, with the settings for its arguments. */
  private static FunctionKind of(
      String name,
      int axes,
      String method,
      List<Setting> settings,
      Function<List<Object>, Block> factory) {
    return new FunctionKind(
        name,
        axes,
        settings,
        calls ->
            calls
                .first(method)
                .map(Calls.Call::arguments)
                .filter(arguments -> arguments.size() == settings.size()),
        factory);
  }

  private static FunctionKind ofNumber(
      String name, String method, Setting setting, OfNumber factory) {
    return of(name, 2, method, List.of(setting), a -> factory.block((float) a.get(0)));
  }

  /** Array.reshape(-1, size). */
  private static FunctionKind batchFlattenTo() {
    return new FunctionKind(
        "batchFlattenTo",
        3,
        List.of(SIZE),
        calls -> calls.first("reshape").flatMap(FunctionKind::lastSize),
        a -> Blocks.batchFlattenBlock((int) a.get(0)));
  }

  private static Optional<List<Object>> lastSize(Calls.Call reshape) {
    return reshape.arguments().get(0) instanceof List<?> sizes
            && sizes.size() == 2
            && sizes.get(1) instanceof Long size
            && size == size.intValue()
        ? Optional.of(List.of(size.intValue()))
        : Optional.empty();
  }

  private static FunctionKind maxPool(String name, int spatial, MaxPool factory) {
    return of(
        name,
        BATCH_AND_CHANNELS + spatial,
        "maxPool",
        List.of(KERNEL, STRIDE, PADDING, CEIL),
        a ->
            factory.block(
                (Shape) a.get(0), (Shape) a.get(1), (Shape) a.get(2), (boolean) a.get(3)));
  }

  private static FunctionKind averagePool(String name, int spatial, AveragePool factory) {
    return of(
        name,
        BATCH_AND_CHANNELS + spatial,
        "avgPool",
        List.of(KERNEL, STRIDE, PADDING, CEIL, INCLUDE_PADDING),
        a ->
            factory.block(
                (Shape) a.get(0),
                (Shape) a.get(1),
                (Shape) a.get(2),
                (boolean) a.get(3),
                (boolean) a.get(4)));
  }

  private static FunctionKind normPool(String name, int spatial, NormPool factory) {
    return of(
        name,
        BATCH_AND_CHANNELS + spatial,
        "lpPool",
        List.of(NORM, KERNEL, STRIDE, PADDING, CEIL),
        a ->
            factory.block(
                (float) a.get(0),
                (Shape) a.get(1),
                (Shape) a.get(2),
                (Shape) a.get(3),
                (boolean) a.get(4)));
  }

  private static FunctionKind globalNormPool(String name, int spatial, OfNumber factory) {
    return of(
        name,
        BATCH_AND_CHANNELS + spatial,
        "globalLpPool",
        List.of(NORM),
        a -> factory.block((float) a.get(0)));
  }
}
