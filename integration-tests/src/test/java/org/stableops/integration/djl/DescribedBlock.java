package org.stableops.integration.djl;

import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.embedding.TrainableTextEmbedding;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.convolutional.Conv1dTranspose;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.convolutional.Conv2dTranspose;
import ai.djl.nn.convolutional.Conv3d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.core.LinearCollection;
import ai.djl.nn.core.Multiplication;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.core.SparseMax;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.GhostBatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.transformer.BertBlock;
import ai.djl.nn.transformer.BertNextSentenceBlock;
import ai.djl.nn.transformer.BertPretrainingBlock;
import ai.djl.nn.transformer.IdEmbedding;
import ai.djl.nn.transformer.PointwiseFeedForwardBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import ai.djl.training.initializer.Initializer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * DJL's blocks with settings that are not the defaults, and how they are described.
 *
 * @param description as JSON with ' for "
 * @param integers whether the inputs are ids
 * @param runs whether the engine computes it
 */
record DescribedBlock(
    Supplier<Block> block, String description, List<Shape> inputs, boolean integers, boolean runs) {

  private static final Shape ROWS = new Shape(2, 3);
  private static final Shape WORDS = new Shape(2, 3);
  private static final Shape SEQUENCE = new Shape(2, 4, 6);
  private static final Shape IMAGE = new Shape(2, 4, 9, 8);
  private static final Shape VOLUME = new Shape(2, 4, 6, 5, 7);
  private static final DefaultVocabulary VOCABULARY =
      DefaultVocabulary.builder().add(List.of("a", "b")).optUnknownToken("?").build();

  static final List<DescribedBlock> ALL =
      List.of(
          // core
          of(
              () ->
                  new SequentialBlock()
                      .add(Linear.builder().setUnits(2).build())
                      .setReturnIntermediate(true),
              "{'kind':'SequentialBlock','returnIntermediate':true,'blocks':[{'kind':'Linear','units':2,'bias':true}]}",
              ROWS),
          of(
              () -> Linear.builder().setUnits(4).optBias(false).build(),
              "{'kind':'Linear','units':4,'bias':false}",
              ROWS),
          of(
              () -> LinearCollection.builder().setUnits(7).optBias(false).build(),
              "{'kind':'LinearCollection','units':7,'bias':false}",
              SEQUENCE),
          of(
              () -> Multiplication.builder().setUnits(5).build(),
              "{'kind':'Multiplication','units':5}",
              ROWS),
          notRun(DescribedBlock::prelu, "{'kind':'Prelu'}", ROWS),
          of(() -> new SparseMax(1, 2), "{'kind':'SparseMax','axis':1,'topK':2}", SEQUENCE),
          of(SparseMax::new, "{'kind':'SparseMax','axis':-1,'topK':3}", ROWS),
          // convolutions
          of(
              () ->
                  Conv1d.builder()
                      .setFilters(6)
                      .setKernelShape(new Shape(3))
                      .optStride(new Shape(2))
                      .optPadding(new Shape(1))
                      .optDilation(new Shape(2))
                      .optGroups(2)
                      .optBias(false)
                      .build(),
              "{'kind':'Conv1d','filters':6,'kernelShape':[3],'stride':[2],'padding':[1],"
                  + "'dilation':[2],'groups':2,'bias':false}",
              SEQUENCE),
          of(
              () ->
                  Conv2d.builder()
                      .setFilters(6)
                      .setKernelShape(new Shape(3, 2))
                      .optStride(new Shape(2, 1))
                      .optPadding(new Shape(0, 1))
                      .optDilation(new Shape(1, 2))
                      .optGroups(2)
                      .build(),
              "{'kind':'Conv2d','filters':6,'kernelShape':[3,2],'stride':[2,1],'padding':[0,1],"
                  + "'dilation':[1,2],'groups':2,'bias':true}",
              IMAGE),
          of(
              () ->
                  Conv3d.builder()
                      .setFilters(2)
                      .setKernelShape(new Shape(3, 2, 1))
                      .optStride(new Shape(2, 1, 1))
                      .optPadding(new Shape(0, 1, 2))
                      .optDilation(new Shape(1, 2, 1))
                      .build(),
              "{'kind':'Conv3d','filters':2,'kernelShape':[3,2,1],'stride':[2,1,1],"
                  + "'padding':[0,1,2],'dilation':[1,2,1],'groups':1,'bias':true}",
              VOLUME),
          notRun(
              () ->
                  Conv1dTranspose.builder()
                      .setFilters(4)
                      .setKernelShape(new Shape(3))
                      .optStride(new Shape(2))
                      .optPadding(new Shape(1))
                      .optOutPadding(new Shape(1))
                      .optDilation(new Shape(2))
                      .optGroups(2)
                      .optBias(false)
                      .build(),
              "{'kind':'Conv1dTranspose','filters':4,'kernelShape':[3],'stride':[2],'padding':[1],"
                  + "'outPadding':[1],'dilation':[2],'groups':2,'bias':false}",
              SEQUENCE),
          notRun(
              () ->
                  Conv2dTranspose.builder()
                      .setFilters(4)
                      .setKernelShape(new Shape(3, 2))
                      .optStride(new Shape(2, 1))
                      .build(),
              "{'kind':'Conv2dTranspose','filters':4,'kernelShape':[3,2],'stride':[2,1],"
                  + "'padding':[0,0],'outPadding':[0,0],'dilation':[1,1],'groups':1,'bias':true}",
              IMAGE),
          // norms
          of(() -> Dropout.builder().optRate(0.3f).build(), "{'kind':'Dropout','rate':0.3}", IMAGE),
          of(
              () ->
                  BatchNorm.builder()
                      .optAxis(2)
                      .optMomentum(0.3f)
                      .optEpsilon(0.1f)
                      .optScale(false)
                      .build(),
              "{'kind':'BatchNorm','axis':2,'momentum':0.3,'epsilon':0.1,'center':true,"
                  + "'scale':false}",
              SEQUENCE),
          of(
              () ->
                  GhostBatchNorm.builder()
                      .optVirtualBatchSize(11)
                      .optEpsilon(1e-3f)
                      .optCenter(false)
                      .build(),
              "{'kind':'GhostBatchNorm','axis':1,'momentum':0.9,'epsilon':0.001,'center':false,"
                  + "'scale':true,'virtualBatchSize':11}",
              IMAGE),
          of(
              () -> LayerNorm.builder().optEpsilon(0.5f).optScale(false).build(),
              "{'kind':'LayerNorm','epsilon':0.5,'center':true,'scale':false}",
              SEQUENCE),
          of(
              () -> LayerNorm.builder().axis(2, 3).build(),
              "{'kind':'LayerNorm','axis':[2,3],'epsilon':1.0E-5,'center':true,'scale':true}",
              IMAGE),
          // recurrent
          of(
              () ->
                  RNN.builder()
                      .setStateSize(5)
                      .setNumLayers(2)
                      .setActivation(RNN.Activation.RELU)
                      .optHasBiases(false)
                      .optBidirectional(true)
                      .optReturnState(true)
                      .build(),
              "{'kind':'RNN','stateSize':5,'numLayers':2,'hasBiases':false,'dropRate':0.0,"
                  + "'bidirectional':true,'batchFirst':true,'returnState':true,"
                  + "'activation':'RELU'}",
              SEQUENCE),
          of(
              () ->
                  LSTM.builder()
                      .setStateSize(3)
                      .setNumLayers(2)
                      .optDropRate(0.4f)
                      .optHasBiases(false)
                      .build(),
              "{'kind':'LSTM','stateSize':3,'numLayers':2,'hasBiases':false,'dropRate':0.4,"
                  + "'bidirectional':false,'batchFirst':true,'returnState':false}",
              SEQUENCE),
          of(
              () -> GRU.builder().setStateSize(3).setNumLayers(1).optBatchFirst(false).build(),
              "{'kind':'GRU','stateSize':3,'numLayers':1,'hasBiases':true,'dropRate':0.0,"
                  + "'bidirectional':false,'batchFirst':false,'returnState':false}",
              SEQUENCE),
          // embeddings
          ofIds(
              () -> new TrainableWordEmbedding(VOCABULARY, 4),
              "{'kind':'TrainableWordEmbedding','words':['a','b','?'],'unknownToken':'?',"
                  + "'defaultItem':'<unk>','useDefault':true,'embeddingSize':4,"
                  + "'sparseFormat':'DENSE'}",
              WORDS),
          ofIds(
              () ->
                  new TrainableTextEmbedding(
                      TrainableWordEmbedding.builder()
                          .setVocabulary(new DefaultVocabulary(List.of("c", "d", "e")))
                          .setEmbeddingSize(2)
                          .optDefaultItem(null)
                          .optUseDefault(false)
                          .build()),
              "{'kind':'TrainableTextEmbedding','wordEmbedding':{'kind':'TrainableWordEmbedding',"
                  + "'words':['c','d','e'],'useDefault':false,'embeddingSize':2,"
                  + "'sparseFormat':'DENSE'}}",
              WORDS),
          ofIds(
              () -> new IdEmbedding.Builder().setDictionarySize(5).setEmbeddingSize(4).build(),
              "{'kind':'IdEmbedding','dictionarySize':5,'embeddingSize':4}",
              WORDS),
          // transformers
          of(
              () ->
                  ScaledDotProductAttentionBlock.builder()
                      .setEmbeddingSize(6)
                      .setHeadCount(3)
                      .optAttentionProbsDropoutProb(0.2f)
                      .build(),
              "{'kind':'ScaledDotProductAttentionBlock','embeddingSize':6,'headCount':3,"
                  + "'dropout':0.2}",
              SEQUENCE),
          of(
              () -> new PointwiseFeedForwardBlock(List.of(5), 2, Activation::selu),
              "{'kind':'PointwiseFeedForwardBlock','returnIntermediate':false,'blocks':["
                  + "{'kind':'Linear','units':5,'bias':true},{'kind':'SELU'},"
                  + "{'kind':'Linear','units':2,'bias':true}]}",
              ROWS),
          of(
              () -> new TransformerEncoderBlock(6, 2, 5, 0.25f, x -> Activation.elu(x, 0.5f)),
              "{'kind':'TransformerEncoderBlock','embeddingSize':6,'headCount':2,'dropout':0.25,"
                  + "'hiddenSize':5,'activation':{'kind':'ELU','alpha':0.5}}",
              SEQUENCE),
          ofIds(
              () -> bert().build(),
              "{'kind':'BertBlock'," + bertDescription() + "}",
              WORDS,
              WORDS,
              WORDS),
          of(BertNextSentenceBlock::new, "{'kind':'BertNextSentenceBlock'}", ROWS),
          ofIds(
              () -> new BertPretrainingBlock(bert()),
              "{'kind':'BertPretrainingBlock'," + bertDescription() + "}",
              WORDS,
              WORDS,
              WORDS,
              new Shape(2, 2)),
          // functions
          of(Activation::reluBlock, "{'kind':'ReLU'}", ROWS),
          of(Activation::relu6Block, "{'kind':'ReLU6'}", ROWS),
          of(Activation::sigmoidBlock, "{'kind':'sigmoid'}", ROWS),
          of(Activation::tanhBlock, "{'kind':'Tanh'}", ROWS),
          of(Activation::softPlusBlock, "{'kind':'softPlus'}", ROWS),
          of(Activation::softSignBlock, "{'kind':'softSign'}", ROWS),
          of(Activation::seluBlock, "{'kind':'SELU'}", ROWS),
          of(Activation::geluBlock, "{'kind':'GELU'}", ROWS),
          of(Activation::mishBlock, "{'kind':'Mish'}", ROWS),
          of(() -> Activation.leakyReluBlock(0.3f), "{'kind':'LeakyReLU','alpha':0.3}", ROWS),
          of(() -> Activation.eluBlock(0.7f), "{'kind':'ELU','alpha':0.7}", ROWS),
          of(() -> Activation.swishBlock(1.5f), "{'kind':'Swish','beta':1.5}", ROWS),
          of(() -> new LambdaBlock(Activation::relu), "{'kind':'ReLU'}", ROWS),
          of(() -> new LambdaBlock(x -> Activation.elu(x, 2)), "{'kind':'ELU','alpha':2.0}", ROWS),
          of(() -> LambdaBlock.singleton(Blocks::batchFlatten), "{'kind':'batchFlatten'}", IMAGE),
          of(Blocks::identityBlock, "{'kind':'identity'}", ROWS),
          of(Blocks::batchFlattenBlock, "{'kind':'batchFlatten'}", IMAGE),
          of(() -> Blocks.batchFlattenBlock(8), "{'kind':'batchFlattenTo','size':8}", IMAGE),
          of(
              () -> Pool.maxPool1dBlock(new Shape(3), new Shape(2), new Shape(1), true),
              "{'kind':'maxPool1d','kernelShape':[3],'stride':[2],'padding':[1],'ceilMode':true}",
              SEQUENCE),
          of(
              () -> Pool.maxPool2dBlock(new Shape(3, 2)),
              "{'kind':'maxPool2d','kernelShape':[3,2],'stride':[3,2],'padding':[0,0],"
                  + "'ceilMode':false}",
              IMAGE),
          of(
              () -> Pool.maxPool3dBlock(new Shape(3, 2, 1)),
              "{'kind':'maxPool3d','kernelShape':[3,2,1],'stride':[1,1,1],'padding':[0,0,0],"
                  + "'ceilMode':false}",
              VOLUME),
          of(
              () -> Pool.avgPool1dBlock(new Shape(3), new Shape(2), new Shape(1), true, false),
              "{'kind':'avgPool1d','kernelShape':[3],'stride':[2],'padding':[1],'ceilMode':true,"
                  + "'countIncludePad':false}",
              SEQUENCE),
          of(
              () -> Pool.avgPool2dBlock(new Shape(3, 2), new Shape(1, 2)),
              "{'kind':'avgPool2d','kernelShape':[3,2],'stride':[1,2],'padding':[0,0],"
                  + "'ceilMode':false,'countIncludePad':true}",
              IMAGE),
          of(
              () -> Pool.avgPool3dBlock(new Shape(3, 2, 1)),
              "{'kind':'avgPool3d','kernelShape':[3,2,1],'stride':[3,2,1],'padding':[0,0,0],"
                  + "'ceilMode':false,'countIncludePad':true}",
              VOLUME),
          of(
              () -> Pool.lpPool1dBlock(3, new Shape(2)),
              "{'kind':'lpPool1d','normType':3.0,'kernelShape':[2],'stride':[1],'padding':[0],"
                  + "'ceilMode':false}",
              SEQUENCE),
          of(
              () -> Pool.lpPool2dBlock(2, new Shape(3, 2), new Shape(2, 1)),
              "{'kind':'lpPool2d','normType':2.0,'kernelShape':[3,2],'stride':[2,1],"
                  + "'padding':[0,0],'ceilMode':false}",
              IMAGE),
          notRun(
              () -> Pool.lpPool3dBlock(1.5f, new Shape(3, 2, 1)),
              "{'kind':'lpPool3d','normType':1.5,'kernelShape':[3,2,1],'stride':[3,2,1],"
                  + "'padding':[0,0,0],'ceilMode':false}",
              VOLUME),
          of(Pool::globalMaxPool1dBlock, "{'kind':'globalMaxPool1d'}", SEQUENCE),
          of(Pool::globalMaxPool2dBlock, "{'kind':'globalMaxPool2d'}", IMAGE),
          of(Pool::globalMaxPool3dBlock, "{'kind':'globalMaxPool3d'}", VOLUME),
          of(Pool::globalAvgPool1dBlock, "{'kind':'globalAvgPool1d'}", SEQUENCE),
          of(Pool::globalAvgPool2dBlock, "{'kind':'globalAvgPool2d'}", IMAGE),
          of(Pool::globalAvgPool3dBlock, "{'kind':'globalAvgPool3d'}", VOLUME),
          of(
              () -> Pool.globalLpPool1dBlock(2),
              "{'kind':'globalLpPool1d','normType':2.0}",
              SEQUENCE),
          of(() -> Pool.globalLpPool2dBlock(3), "{'kind':'globalLpPool2d','normType':3.0}", IMAGE),
          notRun(
              () -> Pool.globalLpPool3dBlock(4),
              "{'kind':'globalLpPool3d','normType':4.0}",
              VOLUME));

  /** What DJL initializes weights with cannot make a scalar. */
  private static Block prelu() {
    Block block = new Prelu();
    block.setInitializer(Initializer.ONES, parameter -> true);
    return block;
  }

  private static BertBlock.Builder bert() {
    return BertBlock.builder()
        .setTokenDictionarySize(7)
        .optTypeDictionarySize(3)
        .optMaxSequenceLength(3)
        .optEmbeddingSize(4)
        .optTransformerBlockCount(2)
        .optAttentionHeadCount(2)
        .optHiddenSize(5)
        .optHiddenDropoutProbability(0.3f);
  }

  private static String bertDescription() {
    return "'tokenDictionarySize':7,'typeDictionarySize':3,'maxSequenceLength':3,"
        + "'embeddingSize':4,'transformerBlockCount':2,'hiddenDropoutProbability':0.3,"
        + "'headCount':2,'hiddenSize':5";
  }

  private static DescribedBlock of(Supplier<Block> block, String description, Shape input) {
    return new DescribedBlock(block, description, List.of(input), false, true);
  }

  private static DescribedBlock ofIds(Supplier<Block> block, String description, Shape... inputs) {
    return new DescribedBlock(block, description, List.of(inputs), true, true);
  }

  private static DescribedBlock notRun(Supplier<Block> block, String description, Shape input) {
    return new DescribedBlock(block, description, List.of(input), false, false);
  }

  /** In a network, for some of DJL's blocks cannot be saved alone once they were loaded. */
  Block network() {
    return runs ? new SequentialBlock().add(block.get()) : block.get();
  }

  String networkDescription() {
    String block =
        runs
            ? "{\"kind\":\"SequentialBlock\",\"returnIntermediate\":false,\"blocks\":["
                + json()
                + "]}"
            : json();
    return "{\"format\":1,\"block\":" + block + "}";
  }

  String json() {
    return description.replace('\'', '"');
  }

  Shape[] shapes() {
    return inputs.toArray(Shape[]::new);
  }

  NDList values(NDManager manager) {
    NDList values = new NDList();
    for (Shape shape : inputs) {
      NDArray value =
          integers ? ids(manager, shape) : Djl.waves(manager, DataType.FLOAT32, shape, 1);
      values.add(value.duplicate());
    }
    return values;
  }

  private static NDArray ids(NDManager manager, Shape shape) {
    long[] ids = new long[(int) shape.size()];
    Arrays.setAll(ids, i -> i % 2);
    return manager.create(ids, shape);
  }

  @Override
  public String toString() {
    return description;
  }
}
