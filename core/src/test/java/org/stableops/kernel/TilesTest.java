package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How work is cut, and who does it. */
class TilesTest {
  private static final long MANY = 1 << 15;

  @AfterEach
  void forgetTheLimit() {
    System.clearProperty(Threads.PROPERTY);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "2047, 1", "2048, 1", "2049, 2", "4096, 2", "2147483647, 1048576"})
  void theLastTileMayBeShort(int elements, int tiles) {
    assertEquals(tiles, Tiles.count(elements));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 7, 8, 9, 63, 1000})
  void everyTaskRunsOnceWhateverTheirNumber(int count) {
    AtomicIntegerArray runs = new AtomicIntegerArray(count + 1);
    Tiles.forEach(count, MANY, (index, scratch) -> runs.incrementAndGet(index));
    Tiles.forEach(count, MANY - 1, (index, scratch) -> runs.incrementAndGet(index));
    for (int i = 0; i < count; i++) {
      assertEquals(2, runs.get(i));
    }
    assertEquals(0, runs.get(count));
  }

  private static Set<Scratch> scratches(int count, long elements) {
    Set<Scratch> seen = ConcurrentHashMap.newKeySet();
    Tiles.forEach(count, elements, (index, scratch) -> seen.add(scratch));
    return seen;
  }

  @Test
  void fewElementsAreDoneByTheCallerInOnePart() {
    assertEquals(1, scratches(100, MANY - 1).size());
    assertEquals(1, scratches(1, MANY).size());
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Tiles.forEach(100, MANY - 1, (index, scratch) -> threads.add(Thread.currentThread()));
    assertEquals(Set.of(Thread.currentThread()), threads);
  }

  @Test
  void tasksOfOneThreadAreInOrder() {
    StringBuilder order = new StringBuilder();
    Tiles.forEach(5, 1, (index, scratch) -> order.append(index));
    assertEquals("01234", order.toString());
  }

  @Test
  void tilesAreLentUntilTheyAreGivenBack() {
    Scratch.FREE.clear();
    Scratch first = Scratch.borrow();
    try (Scratch second = Scratch.borrow()) {
      assertNotSame(first, second);
    }
    assertEquals(1, Scratch.FREE.size());
    first.close();
    assertEquals(2, Scratch.FREE.size());
    Scratch again = Scratch.borrow();
    assertEquals(1, Scratch.FREE.size());
    again.close();
    assertEquals(1, scratches(100, 1).size());
    assertEquals(2, Scratch.FREE.size());
  }

  @Test
  void tilesAreGivenBackAfterAFailure() {
    Scratch.FREE.clear();
    Tiles.Task failing =
        (index, scratch) -> {
          throw new IllegalStateException();
        };
    assertThrows(IllegalStateException.class, () -> Tiles.forEach(2, 1, failing));
    assertEquals(1, Scratch.FREE.size());
  }

  @Test
  void asManyThreadsAsThePoolAndTheCaller() {
    int all = ForkJoinPool.getCommonPoolParallelism() + 1;
    assertEquals(all, Threads.count());
    for (String wanted : new String[] {"1", "0", "-3"}) {
      System.setProperty(Threads.PROPERTY, wanted);
      assertEquals(1, Threads.count());
    }
    System.setProperty(Threads.PROPERTY, String.valueOf(all));
    assertEquals(all, Threads.count());
    System.setProperty(Threads.PROPERTY, String.valueOf(all + 1));
    assertEquals(all, Threads.count());
    System.setProperty(Threads.PROPERTY, "two");
    assertEquals(all, Threads.count());
  }

  @Test
  void theSwitchOfTheKernelsIsReadAtEveryCall() {
    String before = System.getProperty(FusedPath.PROPERTY);
    try {
      for (String on : new String[] {"true", "", "no"}) {
        System.setProperty(FusedPath.PROPERTY, on);
        assertTrue(FusedPath.isEnabled());
        assertTrue(FusedPath.describe().startsWith("fused kernels on, "));
      }
      System.setProperty(FusedPath.PROPERTY, "FALSE");
      assertEquals(false, FusedPath.isEnabled());
      assertTrue(FusedPath.describe().startsWith("fused kernels off, "));
    } finally {
      if (before == null) {
        System.clearProperty(FusedPath.PROPERTY);
      } else {
        System.setProperty(FusedPath.PROPERTY, before);
      }
    }
  }

  @Test
  void oneThreadIsSingular() {
    String name =
        "fused kernels %s, %s, "
            .formatted(
                FusedPath.isEnabled() ? "on" : "off", Simd.isUsed() ? "Vector API" : "plain Java");
    System.setProperty(Threads.PROPERTY, "1");
    assertEquals(name + "1 thread", FusedPath.describe());
    System.clearProperty(Threads.PROPERTY);
    int all = Threads.count();
    String threads = all + (all == 1 ? " thread" : " threads");
    assertEquals(name + threads, FusedPath.describe());
  }

  @Test
  void rowArraysAreTheThreadsOwnWhileTheirLengthStays() {
    RowArrays arrays = RowArrays.ofThread();
    assertSame(arrays, RowArrays.ofThread());
    double[] losses = arrays.zeros(RowArrays.LOSSES, 5);
    Arrays.fill(losses, 3);
    double[] others = arrays.zeros(RowArrays.Z_LOSSES, 5);
    assertNotSame(losses, others);
    assertEquals(3, losses[4]);
    assertSame(losses, arrays.zeros(RowArrays.LOSSES, 5));
    assertEquals(0, losses[4]);
    assertEquals(6, arrays.zeros(RowArrays.LOSSES, 6).length);
    long[] labels = arrays.labels(5);
    assertSame(labels, arrays.labels(5));
    assertEquals(4, arrays.labels(4).length);
  }

  @Test
  void rowArraysThatAreVeryLongAreNotKept() {
    int most = 1 << 16;
    RowArrays arrays = RowArrays.ofThread();
    assertSame(arrays.zeros(RowArrays.LOSSES, most), arrays.zeros(RowArrays.LOSSES, most));
    assertSame(arrays.labels(most), arrays.labels(most));
    double[] longer = arrays.zeros(RowArrays.LOSSES, most + 1);
    assertEquals(most + 1, longer.length);
    assertNotSame(longer, arrays.zeros(RowArrays.LOSSES, most + 1));
    assertEquals(most + 1, arrays.labels(most + 1).length);
    assertNotSame(arrays.labels(most + 1), arrays.labels(most + 1));
  }
}
