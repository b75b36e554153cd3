package org.stableops.integration.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.sf.extjwnl.JWNLException;
import net.sf.extjwnl.data.POS;
import net.sf.extjwnl.data.Synset;
import net.sf.extjwnl.dictionary.Dictionary;

/**
 * The glosses of WordNet 3.1, short definitions with examples, as numbers of words, always split in
 * the same way.
 *
 * <p>A word is a run of the letters a to z, in lower case, or one of the marks {@code , ; .}; what
 * else there is separates words. The vocabulary has every word that occurs at least twice in all
 * glosses, the most frequent ones first, behind the end of a gloss and the unknown word. The split
 * comes after that, so that no model has to know more words than another one.
 */
public final class Glosses {
  /** The number of the end of a gloss, which is also what comes before its first word. */
  public static final int END = 0;

  /** The number that all words share which occur only once. */
  public static final int UNKNOWN = 1;

  private static final Pattern WORD = Pattern.compile("[a-z]+|[,;.]");
  private static final int FEWEST = 2;
  private static final double HELD_OUT_SHARE = 0.02;
  private static final long SPLIT_SEED = 20261121;

  private final List<String> words;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final List<int[]> training;
  private final List<int[]> heldOut;

  private Glosses(List<String> words, List<List<String>> glosses) {
    this.words = words;
    for (int i = 0; i < words.size(); i++) {
      numbers.put(words.get(i), i);
    }
    List<int[]> shuffled =
        glosses.stream().map(this::encode).collect(Collectors.toCollection(ArrayList::new));
    Collections.shuffle(shuffled, new Random(SPLIT_SEED));
    int cut = (int) Math.round(shuffled.size() * HELD_OUT_SHARE);
    heldOut = List.copyOf(shuffled.subList(0, cut));
    training = List.copyOf(shuffled.subList(cut, shuffled.size()));
  }

  /**
   * Reads all of them.
   *
   * @return the glosses of all parts of speech
   */
  public static Glosses read() {
    List<List<String>> glosses = texts().map(Glosses::split).toList();
    Map<String, Integer> counts = new TreeMap<>();
    glosses.forEach(gloss -> gloss.forEach(word -> counts.merge(word, 1, Integer::sum)));
    List<String> words = new ArrayList<>(List.of("<end>", "<unknown>"));
    counts.entrySet().stream()
        .filter(entry -> entry.getValue() >= FEWEST)
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .map(Map.Entry::getKey)
        .forEach(words::add);
    return new Glosses(List.copyOf(words), glosses);
  }

  /** In the order of WordNet's files, whatever the order of the iterator. */
  private static Stream<String> texts() {
    try {
      Dictionary dictionary = Dictionary.getDefaultResourceInstance();
      List<Synset> synsets = new ArrayList<>();
      for (POS part : POS.getAllPOS()) {
        for (Iterator<Synset> all = dictionary.getSynsetIterator(part); all.hasNext(); ) {
          synsets.add(all.next());
        }
      }
      dictionary.close();
      return synsets.stream()
          .sorted(Comparator.comparing(Synset::getPOS).thenComparing(Synset::getOffset))
          .map(Synset::getGloss);
    } catch (JWNLException e) {
      throw new IllegalStateException("cannot read WordNet", e);
    }
  }

  private static List<String> split(String gloss) {
    return WORD.matcher(gloss.toLowerCase(Locale.ROOT)).results().map(MatchResult::group).toList();
  }

  /**
   * Returns the glosses to learn from.
   *
   * @return the numbers of each gloss's words and of its end
   */
  public List<int[]> training() {
    return training;
  }

  /**
   * Returns the glosses to be judged by, one in fifty.
   *
   * @return the numbers of each gloss's words and of its end
   */
  public List<int[]> heldOut() {
    return heldOut;
  }

  /**
   * Returns the vocabulary.
   *
   * @return the words in the order of their numbers
   */
  public List<String> words() {
    return words;
  }

  /**
   * Reads a text as a gloss.
   *
   * @param text any text
   * @return the numbers of its words and of the end
   */
  public int[] encode(String text) {
    return encode(split(text));
  }

  private int[] encode(List<String> gloss) {
    return IntStream.concat(
            gloss.stream().mapToInt(word -> numbers.getOrDefault(word, UNKNOWN)), IntStream.of(END))
        .toArray();
  }

  /**
   * Writes numbers as words.
   *
   * @param gloss numbers of words
   * @return their text, without ends
   */
  public String decode(int... gloss) {
    return IntStream.of(gloss)
        .filter(number -> number != END)
        .mapToObj(words::get)
        .collect(Collectors.joining(" "))
        .replaceAll(" ([,;.])", "$1");
  }
}
