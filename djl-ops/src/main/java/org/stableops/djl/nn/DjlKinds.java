package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.modality.nlp.embedding.TrainableTextEmbedding;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.convolutional.Conv1dTranspose;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.nn.convolutional.Conv3d;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.convolutional.Deconvolution;
import ai.djl.nn.core.Linear;
import ai.djl.nn.core.LinearCollection;
import ai.djl.nn.core.Multiplication;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.core.SparseMax;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.GhostBatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * DJL's blocks with parameters or children, but for the transformers. Settings come from getters
 * and the parameters' shapes, and what these do not tell from the block's {@link Calls}.
 */
final class DjlKinds {
  /** No array of libtorch's has more. */
  private static final int MOST_AXES = 64;

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";
  private static final String GAMMA = "gamma";
  private static final String BETA = "beta";
  private static final String RATE = "rate";

  static final List<BlockKind<?>> ALL =
      List.of(
          new Kind<>(SequentialBlock.class, DjlKinds::writeSequence, DjlKinds::readSequence),
          new Kind<>(Linear.class, DjlKinds::writeLinear, DjlKinds::readLinear),
          new Kind<>(
              LinearCollection.class,
              DjlKinds::writeLinearCollection,
              DjlKinds::readLinearCollection),
          new Kind<>(
              Multiplication.class,
              (block, settings) -> settings.put("units", Kind.size(block, WEIGHT, 0)),
              settings -> Multiplication.builder().setUnits(settings.size("units")).build()),
          new Kind<>(Prelu.class, (block, settings) -> {}, settings -> new Prelu()),
          new Kind<>(SparseMax.class, DjlKinds::writeSparseMax, DjlKinds::readSparseMax),
          new Kind<>(
              Conv1d.class,
              DjlKinds::writeConvolution,
              settings -> readConvolution(Conv1d.builder(), 1, settings).build()),
          new Kind<>(
              Conv2d.class,
              DjlKinds::writeConvolution,
              settings -> readConvolution(Conv2d.builder(), 2, settings).build()),
          new Kind<>(
              Conv3d.class,
              DjlKinds::writeConvolution,
              settings -> readConvolution(Conv3d.builder(), 3, settings).build()),
          new Kind<>(
              Conv1dTranspose.class,
              DjlKinds::writeDeconvolution,
              settings -> readDeconvolution(Conv1dTranspose.builder(), 1, settings).build()),
          new Kind<>(
              Conv2dTranspose.class,
              DjlKinds::writeDeconvolution,
              settings -> readDeconvolution(Conv2dTranspose.builder(), 2, settings).build()),
          new Kind<>(
              Dropout.class,
              (block, settings) -> settings.put(RATE, dropoutRate(block)),
              settings -> Dropout.builder().optRate(settings.floatNumber(RATE, 0, 1)).build()),
          new Kind<>(
              BatchNorm.class,
              DjlKinds::writeBatchNorm,
              settings -> readBatchNorm(BatchNorm.builder(), settings).build()),
          new Kind<>(
              GhostBatchNorm.class, DjlKinds::writeGhostBatchNorm, DjlKinds::readGhostBatchNorm),
          new Kind<>(LayerNorm.class, DjlKinds::writeLayerNorm, DjlKinds::readLayerNorm),
          new Kind<>(RNN.class, DjlKinds::writeRnn, DjlKinds::readRnn),
          new Kind<>(
              LSTM.class,
              (block, settings) -> writeRecurrent(block, "lstm", settings),
              settings -> readRecurrent(LSTM.builder(), settings).build()),
          new Kind<>(
              GRU.class,
              (block, settings) -> writeRecurrent(block, "gru", settings),
              settings -> readRecurrent(GRU.builder(), settings).build()),
          new Kind<>(TrainableWordEmbedding.class, WordEmbeddings::write, WordEmbeddings::read),
          new Kind<>(
              TrainableTextEmbedding.class,
              (block, settings) ->
                  settings.put("wordEmbedding", block.getChildren().get(0).getValue()),
              settings ->
                  new TrainableTextEmbedding(
                      settings.block("wordEmbedding", TrainableWordEmbedding.class))));

  private DjlKinds() {}

  // ---- core

  static void writeSequence(SequentialBlock block, BlockSettings settings) {
    settings.put("returnIntermediate", block.isReturnIntermediate());
    settings.putBlocks("blocks", block.getChildren().values());
  }

  private static SequentialBlock readSequence(BlockSettings settings)
      throws MalformedModelException {
    return readSequence(new SequentialBlock(), settings);
  }

  static <B extends SequentialBlock> B readSequence(B empty, BlockSettings settings)
      throws MalformedModelException {
    empty.setReturnIntermediate(settings.bool("returnIntermediate"));
    empty.addAll(settings.blocks("blocks"));
    return empty;
  }

  private static void writeLinear(Linear block, BlockSettings settings) {
    settings.put("units", Kind.size(block, WEIGHT, 0));
    settings.put(BIAS, Kind.has(block, BIAS));
  }

  private static Linear readLinear(BlockSettings settings) throws MalformedModelException {
    return Linear.builder().setUnits(settings.size("units")).optBias(settings.bool(BIAS)).build();
  }

  private static void writeLinearCollection(LinearCollection block, BlockSettings settings) {
    settings.put("units", weightShape(block).getLastDimension());
    settings.put(BIAS, Kind.has(block, BIAS));
  }

  private static LinearCollection readLinearCollection(BlockSettings settings)
      throws MalformedModelException {
    return LinearCollection.builder()
        .setUnits(settings.size("units"))
        .optBias(settings.bool(BIAS))
        .build();
  }

  private static void writeSparseMax(SparseMax block, BlockSettings settings) {
    Calls calls = Calls.of(block, new Shape(1, 1));
    settings.put("axis", calls.first("swapAxes").map(c -> c.argument(0, Integer.class)).orElse(-1));
    settings.put("topK", calls.count("oneHot"));
  }

  private static SparseMax readSparseMax(BlockSettings settings) throws MalformedModelException {
    return new SparseMax(
        settings.integer("axis", -MOST_AXES, MOST_AXES - 1), settings.size("topK"));
  }

  // ---- convolutions

  private static void writeConvolution(Convolution block, BlockSettings settings) {
    settings.put("filters", block.getFilters());
    settings.put("kernelShape", block.getKernelShape());
    settings.put("stride", block.getStride());
    settings.put("padding", block.getPadding());
    settings.put("dilation", block.getDilation());
    settings.put("groups", block.getGroups());
    settings.put(BIAS, block.isIncludeBias());
  }

  private static <T extends Convolution.ConvolutionBuilder<T>> T readConvolution(
      T builder, int axes, BlockSettings settings) throws MalformedModelException {
    return builder
        .setFilters(settings.size("filters"))
        .setKernelShape(settings.shape("kernelShape", axes, 1))
        .optStride(settings.shape("stride", axes, 1))
        .optPadding(settings.shape("padding", axes, 0))
        .optDilation(settings.shape("dilation", axes, 1))
        .optGroups(settings.size("groups"))
        .optBias(settings.bool(BIAS));
  }

  /** Where a convolution has getters, its inverse has none. */
  private static void writeDeconvolution(Deconvolution block, BlockSettings settings) {
    Shape weight = weightShape(block);
    Calls.Call call = Kind.call(block, weight, "deconvolution");
    settings.put("filters", weight.get(0));
    settings.put("kernelShape", weight.slice(2));
    settings.put("stride", call.argument(3, Shape.class));
    settings.put("padding", call.argument(4, Shape.class));
    settings.put("outPadding", call.argument(5, Shape.class));
    settings.put("dilation", call.argument(6, Shape.class));
    settings.put("groups", call.argument(7, Integer.class));
    settings.put(BIAS, Kind.has(block, BIAS));
  }

  private static <T extends Deconvolution.DeconvolutionBuilder<T>> T readDeconvolution(
      T builder, int axes, BlockSettings settings) throws MalformedModelException {
    return builder
        .setFilters(settings.size("filters"))
        .setKernelShape(settings.shape("kernelShape", axes, 1))
        .optStride(settings.shape("stride", axes, 1))
        .optPadding(settings.shape("padding", axes, 0))
        .optOutPadding(settings.shape("outPadding", axes, 0))
        .optDilation(settings.shape("dilation", axes, 1))
        .optGroups(settings.size("groups"))
        .optBias(settings.bool(BIAS));
  }

  // ---- norms

  static float dropoutRate(Dropout block) {
    return Kind.call(block, new Shape(1, 1), "dropout").argument(1, Float.class);
  }

  private static void writeBatchNorm(BatchNorm block, BlockSettings settings) {
    Calls.Call call = Kind.call(block, new Shape(1, 1), "batchNorm");
    settings.put("axis", call.argument(5, Integer.class));
    settings.put("momentum", call.argument(6, Float.class));
    settings.put("epsilon", call.argument(7, Float.class));
    writeTrained(block, settings);
  }

  private static <T extends BatchNorm.BaseBuilder<T>> T readBatchNorm(
      BatchNorm.BaseBuilder<T> builder, BlockSettings settings) throws MalformedModelException {
    return builder
        .optAxis(settings.integer("axis", 0, MOST_AXES - 1))
        .optMomentum(settings.floatNumber("momentum", 0, 1))
        .optEpsilon(settings.floatNumber("epsilon", 0, Float.MAX_VALUE))
        .optCenter(settings.bool("center"))
        .optScale(settings.bool("scale"));
  }

  /** All that center and scale do is to say what is trained. */
  private static void writeTrained(Block block, BlockSettings settings) {
    settings.put("center", Kind.parameter(block, BETA).requiresGradient());
    settings.put("scale", Kind.parameter(block, GAMMA).requiresGradient());
  }

  private static void writeGhostBatchNorm(GhostBatchNorm block, BlockSettings settings) {
    writeBatchNorm(block, settings);
    settings.put("virtualBatchSize", virtualBatchSize(block));
  }

  /** The largest batch that is not split. */
  private static int virtualBatchSize(GhostBatchNorm block) {
    long whole = 0;
    long split = 1L << Integer.SIZE - 1;
    while (split - whole > 1) {
      // Doubled before it is halved: a batch is never split into many.
      long batch = Math.min(whole == 0 ? 1 : 2 * whole, (whole + split) / 2);
      if (isWhole(block, batch)) {
        whole = batch;
      } else {
        split = batch;
      }
    }
    return (int) whole;
  }

  private static boolean isWhole(GhostBatchNorm block, long batch) {
    return Calls.of(block, new Shape(batch, 1))
        .first("split")
        .filter(call -> call.argument(0, Long.class) == 1)
        .isPresent();
  }

  private static GhostBatchNorm readGhostBatchNorm(BlockSettings settings)
      throws MalformedModelException {
    return readBatchNorm(GhostBatchNorm.builder(), settings)
        .optVirtualBatchSize(settings.size("virtualBatchSize"))
        .build();
  }

  private static void writeLayerNorm(LayerNorm block, BlockSettings settings) {
    Calls.Call call = Kind.call(block, new Shape(1, 1), "layerNorm");
    int axes = call.argument(1, Shape.class).dimension();
    int inputAxes = block.getInputShapes()[0].dimension();
    if (axes != inputAxes - 1) {
      // The last ones, for no others can libtorch normalise over.
      settings.put(
          "axis", new Shape(IntStream.range(inputAxes - axes, inputAxes).asLongStream().toArray()));
    }
    settings.put("epsilon", call.argument(4, Float.class));
    writeTrained(block, settings);
  }

  private static LayerNorm readLayerNorm(BlockSettings settings) throws MalformedModelException {
    LayerNorm.Builder builder =
        LayerNorm.builder()
            .optEpsilon(settings.floatNumber("epsilon", 0, Float.MAX_VALUE))
            .optCenter(settings.bool("center"))
            .optScale(settings.bool("scale"));
    if (settings.has("axis")) {
      long[] axes = settings.shape("axis", 0).getShape();
      builder.axis(Arrays.stream(axes).mapToInt(Math::toIntExact).toArray());
    }
    return builder.build();
  }

  // ---- recurrent

  private static void writeRnn(RNN block, BlockSettings settings) {
    Calls.Call call = writeRecurrent(block, "rnn", settings);
    settings.put("activation", call.argument(5, RNN.Activation.class).name());
  }

  private static RNN readRnn(BlockSettings settings) throws MalformedModelException {
    return readRecurrent(RNN.builder(), settings)
        .setActivation(RNN.Activation.valueOf(settings.string("activation")))
        .build();
  }

  private static Calls.Call writeRecurrent(
      RecurrentBlock block, String method, BlockSettings settings) {
    Calls.Call call = Kind.call(block, new Shape(1, 1, 1), method);
    int last = call.arguments().size() - 1;
    settings.put("stateSize", Kind.size(block, "l_0_h2h_WEIGHT", 1));
    settings.put("numLayers", call.argument(4, Integer.class));
    settings.put("hasBiases", call.argument(3, Boolean.class));
    settings.put("dropRate", call.argument(last - 3, Double.class).floatValue());
    settings.put("bidirectional", call.argument(last - 1, Boolean.class));
    settings.put("batchFirst", call.argument(last, Boolean.class));
    settings.put("returnState", block.getOutputShapes(new Shape[] {new Shape(1, 1, 1)}).length > 1);
    return call;
  }

  private static <T extends RecurrentBlock.BaseBuilder<T>> T readRecurrent(
      T builder, BlockSettings settings) throws MalformedModelException {
    return builder
        .setStateSize(settings.size("stateSize"))
        .setNumLayers(settings.layers("numLayers", 1))
        .optHasBiases(settings.bool("hasBiases"))
        .optDropRate(settings.floatNumber("dropRate", 0, 1))
        .optBidirectional(settings.bool("bidirectional"))
        .optBatchFirst(settings.bool("batchFirst"))
        .optReturnState(settings.bool("returnState"));
  }

  // ---- shared

  private static Shape weightShape(Block block) {
    return Kind.parameter(block, WEIGHT).getArray().getShape();
  }
}
