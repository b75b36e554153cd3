package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.transformer.BertBlock;
import ai.djl.nn.transformer.BertNextSentenceBlock;
import ai.djl.nn.transformer.BertPretrainingBlock;
import ai.djl.nn.transformer.IdEmbedding;
import ai.djl.nn.transformer.PointwiseFeedForwardBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.nn.transformer.TransformerEncoderBlock;
import java.util.List;

/** DJL's transformers, whose settings are those of their children. */
final class TransformerKinds {
  private static final String EMBEDDING_SIZE = "embeddingSize";
  private static final String HEADS = "headCount";
  private static final String HIDDEN_SIZE = "hiddenSize";
  private static final String DROPOUT = "dropout";
  private static final String DICTIONARY_SIZE = "dictionarySize";

  static final List<BlockKind<?>> ALL =
      List.of(
          new Kind<>(IdEmbedding.class, TransformerKinds::writeIds, TransformerKinds::readIds),
          new Kind<>(
              PointwiseFeedForwardBlock.class,
              DjlKinds::writeSequence,
              settings -> DjlKinds.readSequence(emptyFeedForward(), settings)),
          new Kind<>(
              ScaledDotProductAttentionBlock.class,
              TransformerKinds::writeAttention,
              TransformerKinds::readAttention),
          new Kind<>(
              TransformerEncoderBlock.class,
              TransformerKinds::writeEncoder,
              TransformerKinds::readEncoder),
          new Kind<>(
              BertBlock.class,
              TransformerKinds::writeBert,
              settings -> bertBuilder(settings).build()),
          new Kind<>(
              BertNextSentenceBlock.class,
              (block, settings) -> {},
              settings -> new BertNextSentenceBlock()),
          new Kind<>(
              BertPretrainingBlock.class,
              (block, settings) -> writeBert(child(block, "Bert", BertBlock.class), settings),
              settings -> new BertPretrainingBlock(bertBuilder(settings))));

  private TransformerKinds() {}

  private static void writeIds(IdEmbedding block, BlockSettings settings) {
    settings.put(DICTIONARY_SIZE, Kind.size(block, "embedding", 0));
    settings.put(EMBEDDING_SIZE, Kind.size(block, "embedding", 1));
  }

  private static IdEmbedding readIds(BlockSettings settings) throws MalformedModelException {
    return new IdEmbedding.Builder()
        .setDictionarySize(settings.size(DICTIONARY_SIZE))
        .setEmbeddingSize(settings.size(EMBEDDING_SIZE))
        .build();
  }

  private static PointwiseFeedForwardBlock emptyFeedForward() {
    PointwiseFeedForwardBlock block = new PointwiseFeedForwardBlock(List.of(), 1, Activation::relu);
    block.removeLastBlock();
    return block;
  }

  private static void writeAttention(ScaledDotProductAttentionBlock block, BlockSettings settings) {
    settings.put(EMBEDDING_SIZE, embeddingSize(block));
    settings.put(HEADS, heads(block));
    settings.put(DROPOUT, dropout(block, "probabilityDropout"));
  }

  private static ScaledDotProductAttentionBlock readAttention(BlockSettings settings)
      throws MalformedModelException {
    return ScaledDotProductAttentionBlock.builder()
        .setEmbeddingSize(settings.size(EMBEDDING_SIZE))
        .setHeadCount(settings.size(HEADS))
        .optAttentionProbsDropoutProb(settings.floatNumber(DROPOUT, 0, 1))
        .build();
  }

  private static void writeEncoder(TransformerEncoderBlock block, BlockSettings settings) {
    writeAttention(attention(block), settings);
    settings.put(HIDDEN_SIZE, hiddenSize(block));
    settings.put("activation", feedForward(block).getChildren().get(1).getValue());
  }

  private static TransformerEncoderBlock readEncoder(BlockSettings settings)
      throws MalformedModelException {
    int embeddingSize = settings.size(EMBEDDING_SIZE);
    int heads = settings.size(HEADS);
    int hiddenSize = settings.size(HIDDEN_SIZE);
    float dropout = settings.floatNumber(DROPOUT, 0, 1);
    LambdaBlock activation = settings.block("activation", LambdaBlock.class);
    return new TransformerEncoderBlock(
        embeddingSize, heads, hiddenSize, dropout, x -> activation.forward(null, x, false));
  }

  private static void writeBert(BertBlock block, BlockSettings settings) {
    List<TransformerEncoderBlock> encoders =
        block.getChildren().values().stream()
            .filter(TransformerEncoderBlock.class::isInstance)
            .map(TransformerEncoderBlock.class::cast)
            .toList();
    settings.put("tokenDictionarySize", block.getTokenDictionarySize());
    settings.put("typeDictionarySize", block.getTypeDictionarySize());
    settings.put("maxSequenceLength", Kind.size(block, "positionEmbedding", 0));
    settings.put(EMBEDDING_SIZE, block.getEmbeddingSize());
    settings.put("transformerBlockCount", encoders.size());
    settings.put("hiddenDropoutProbability", dropout(block, "embeddingDropout"));
    if (!encoders.isEmpty()) {
      settings.put(HEADS, heads(attention(encoders.get(0))));
      settings.put(HIDDEN_SIZE, hiddenSize(encoders.get(0)));
    }
  }

  private static BertBlock.Builder bertBuilder(BlockSettings settings)
      throws MalformedModelException {
    BertBlock.Builder builder =
        BertBlock.builder()
            .setTokenDictionarySize(settings.size("tokenDictionarySize"))
            .optTypeDictionarySize(settings.size("typeDictionarySize"))
            .optMaxSequenceLength(settings.size("maxSequenceLength"))
            .optEmbeddingSize(settings.size(EMBEDDING_SIZE))
            .optTransformerBlockCount(settings.layers("transformerBlockCount", 0))
            .optHiddenDropoutProbability(settings.floatNumber("hiddenDropoutProbability", 0, 1));
    return settings.has(HEADS)
        ? builder
            .optAttentionHeadCount(settings.size(HEADS))
            .optHiddenSize(settings.size(HIDDEN_SIZE))
        : builder;
  }

  private static ScaledDotProductAttentionBlock attention(TransformerEncoderBlock block) {
    return child(block, "selfAttention", ScaledDotProductAttentionBlock.class);
  }

  private static PointwiseFeedForwardBlock feedForward(TransformerEncoderBlock block) {
    return child(block, "outputBlock", PointwiseFeedForwardBlock.class);
  }

  private static long embeddingSize(ScaledDotProductAttentionBlock block) {
    return Kind.size(block.getKeyProjection(), "weight", 0);
  }

  /** The keys are reshaped to batch, sequence, heads, and the size of a head. */
  private static long heads(ScaledDotProductAttentionBlock block) {
    Shape input = new Shape(1, 1, embeddingSize(block));
    List<?> sizes = Kind.call(block, input, "reshape").argument(0, List.class);
    return (long) sizes.get(2);
  }

  private static long hiddenSize(TransformerEncoderBlock block) {
    return Kind.size(feedForward(block).getChildren().get(0).getValue(), "weight", 0);
  }

  private static float dropout(Block block, String child) {
    return DjlKinds.dropoutRate(child(block, child, Dropout.class));
  }

  /** A child by its name, which DJL puts a number of two digits before. */
  private static <B extends Block> B child(Block block, String name, Class<B> type) {
    return block.getChildren().stream()
        .filter(child -> child.getKey().substring(2).equals(name))
        .map(child -> type.cast(child.getValue()))
        .findFirst()
        .orElseThrow();
  }
}
