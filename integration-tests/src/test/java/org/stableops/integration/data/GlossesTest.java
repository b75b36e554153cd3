package org.stableops.integration.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("endurance")
class GlossesTest {
  private static final Glosses GLOSSES = Glosses.read();
  private static final int WORDS = 34_125;

  private static long tokens(List<int[]> glosses) {
    return glosses.stream().mapToLong(gloss -> gloss.length).sum();
  }

  @Test
  void countsAreThoseOfWordNet() {
    assertEquals(WORDS + 2, GLOSSES.words().size());
    assertEquals(115_435, GLOSSES.training().size());
    assertEquals(2_356, GLOSSES.heldOut().size());
    // 1,550,259 words and marks, and an end for each gloss.
    assertEquals(1_550_259 + 117_791, tokens(GLOSSES.training()) + tokens(GLOSSES.heldOut()));
  }

  @Test
  void frequentWordsComeFirst() {
    assertEquals(
        List.of("<end>", "<unknown>", "the", "a", "of", ";"), GLOSSES.words().subList(0, 6));
    Set<String> different = new HashSet<>(GLOSSES.words());
    assertEquals(GLOSSES.words().size(), different.size());
  }

  @Test
  void everyReadingIsTheSame() {
    assertEquals(1354691356, GLOSSES.words().hashCode());
    assertEquals(-1152767493, hash(GLOSSES.training()));
    assertEquals(648264361, hash(GLOSSES.heldOut()));
  }

  private static int hash(List<int[]> glosses) {
    return Arrays.deepHashCode(glosses.toArray());
  }

  @Test
  void everyGlossEndsOnce() {
    Stream.of(GLOSSES.training(), GLOSSES.heldOut())
        .flatMap(List::stream)
        .forEach(
            gloss -> {
              assertEquals(Glosses.END, gloss[gloss.length - 1]);
              assertEquals(1, Arrays.stream(gloss).filter(word -> word == Glosses.END).count());
            });
  }

  @Test
  void textsComeBack() {
    String text = "a feline mammal, usually having thick soft fur; no ability to roar.";
    int[] numbers = GLOSSES.encode(text);
    assertEquals(16, numbers.length);
    assertEquals(text, GLOSSES.decode(numbers));
    assertArrayEquals(
        numbers,
        GLOSSES.encode(
            "A FELINE (mammal),usually \"having\" thick-soft 7 fur ; no ability to roar ."));
    for (int[] gloss : GLOSSES.heldOut()) {
      if (Arrays.stream(gloss).noneMatch(word -> word == Glosses.UNKNOWN)) {
        assertArrayEquals(gloss, GLOSSES.encode(GLOSSES.decode(gloss)));
      }
    }
  }

  @Test
  void whatOccursOnceIsUnknown() {
    assertArrayEquals(
        new int[] {Glosses.UNKNOWN, Glosses.END}, GLOSSES.encode("qwertyuiopasdfghjkl"));
    long unknown =
        Stream.of(GLOSSES.training(), GLOSSES.heldOut())
            .flatMap(List::stream)
            .flatMapToInt(Arrays::stream)
            .filter(word -> word == Glosses.UNKNOWN)
            .count();
    assertTrue(unknown > 19_000 && unknown < 21_000, () -> "unknown words: " + unknown);
  }
}
