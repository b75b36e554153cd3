package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** TrainableWordEmbedding, with the words of a DefaultVocabulary, which it tells one by one. */
final class WordEmbeddings {
  private static final String SIZE = "embeddingSize";
  private static final String FORMAT = "sparseFormat";
  private static final String WORDS = "words";
  private static final String UNKNOWN = "unknownToken";
  private static final String DEFAULT_ITEM = "defaultItem";
  private static final String USES_DEFAULT = "useDefault";

  /** The index of words that the vocabulary does not have. */
  private static final long NONE = -1;

  private static final String NO_WORD = "\ufffe no word";

  private WordEmbeddings() {}

  static void write(TrainableWordEmbedding block, BlockSettings settings) {
    long count = Kind.size(block, "embedding", 0);
    List<String> words =
        LongStream.range(0, count).mapToObj(i -> block.unembed(i).orElse(NO_WORD)).toList();
    // A DefaultVocabulary answers an index that it does not have with the unknown word, or nothing.
    Optional<String> unknown = block.unembed(count);
    requireSame(block, words, unknown.orElse(null));
    settings.putStrings(WORDS, words);
    unknown.ifPresent(word -> settings.put(UNKNOWN, word));
    writeDefault(block, settings);
    settings.put(SIZE, Kind.size(block, "embedding", 1));
    settings.put(FORMAT, format(block).name());
  }

  private static SparseFormat format(TrainableWordEmbedding block) {
    return Kind.call(block, new Shape(1), "embedding").argument(2, SparseFormat.class);
  }

  private static void writeDefault(TrainableWordEmbedding block, BlockSettings settings) {
    Optional<String> item = Optional.empty();
    boolean usesDefault = true;
    try {
      item = block.unembed(NONE);
    } catch (IllegalArgumentException hasNone) {
      usesDefault = false;
    }
    item.ifPresent(word -> settings.put(DEFAULT_ITEM, word));
    settings.put(USES_DEFAULT, usesDefault);
  }

  /** A vocabulary of another class may find words by a rule of its own. */
  private static void requireSame(
      TrainableWordEmbedding block, List<String> words, String unknown) {
    DefaultVocabulary again = vocabulary(words, unknown);
    boolean isSame =
        again.size() == words.size()
            && Stream.concat(words.stream(), Stream.of(NO_WORD))
                .allMatch(word -> index(block::embed, word).equals(index(again::getIndex, word)));
    if (!isSame) {
      throw new IllegalArgumentException(
          "the vocabulary of a TrainableWordEmbedding must be a DefaultVocabulary");
    }
  }

  private static Optional<Long> index(ToLongFunction<String> index, String word) {
    try {
      return Optional.of(index.applyAsLong(word));
    } catch (RuntimeException hasNone) {
      return Optional.empty();
    }
  }

  private static DefaultVocabulary vocabulary(List<String> words, String unknown) {
    return DefaultVocabulary.builder().add(words).optUnknownToken(unknown).build();
  }

  static TrainableWordEmbedding read(BlockSettings settings) throws MalformedModelException {
    String unknown = settings.has(UNKNOWN) ? settings.string(UNKNOWN) : null;
    return TrainableWordEmbedding.builder()
        .setVocabulary(vocabulary(settings.strings(WORDS), unknown))
        .setEmbeddingSize(settings.size(SIZE))
        .optSparseFormat(SparseFormat.valueOf(settings.string(FORMAT)))
        .optDefaultItem(settings.has(DEFAULT_ITEM) ? settings.string(DEFAULT_ITEM) : null)
        .optUseDefault(settings.bool(USES_DEFAULT))
        .build();
  }
}
