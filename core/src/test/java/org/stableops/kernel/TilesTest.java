package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.FusedPath;

/** How work is cut, and who does it. */
@Tag("thorough")
class TilesTest {
  @AfterEach
  void forgetTheLimitAndTheClock() {
    System.clearProperty(Threads.PROPERTY);
    Tiles.clock = System::nanoTime;
  }

  /** By this clock each task takes so many nanoseconds. */
  static LongSupplier clock(long nanos) {
    AtomicLong now = new AtomicLong(17);
    return () -> now.getAndAdd(nanos);
  }

  /** By this clock everything of more than one task is worth sharing. */
  static LongSupplier slowClock() {
    return clock(Tiles.WORTH_SHARING);
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
    Tiles.forEach(count, (index, scratch) -> runs.incrementAndGet(index));
    Tiles.clock = slowClock();
    Tiles.forEach(count, (index, scratch) -> runs.incrementAndGet(index));
    for (int i = 0; i < count; i++) {
      assertEquals(2, runs.get(i));
    }
    assertEquals(0, runs.get(count));
  }

  private static Set<Scratch> scratches(int count) {
    Set<Scratch> seen = ConcurrentHashMap.newKeySet();
    Tiles.forEach(count, (index, scratch) -> seen.add(scratch));
    return seen;
  }

  /** The threads that run tasks, where the caller's wait for another thread's. */
  private static Set<Thread> threads(int count, long nanosOfTask) {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch helped = new CountDownLatch(1);
    Thread caller = Thread.currentThread();
    long trial = Math.max(1, Tiles.TRIAL / nanosOfTask);
    Tiles.clock = clock(nanosOfTask);
    Tiles.forEach(
        count,
        (index, scratch) -> {
          threads.add(Thread.currentThread());
          if (Thread.currentThread() != caller) {
            helped.countDown();
          } else if (index >= trial) {
            await(helped);
          }
        });
    return threads;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "a helper comes");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** After 16 of a microsecond, the caller knows what the others take. */
  @Test
  void workOfAMillisecondIsShared() {
    assertTrue(threads(16 + 1_000, 1_000).size() > 1);
    assertTrue(threads(3, 500_000).size() > 1);
  }

  @Test
  void lessIsDoneByTheCallerInOrder() {
    for (long[] work : new long[][] {{16 + 999, 1_000}, {3, 499_999}, {2, 10_000_000}, {5, 1}}) {
      StringBuilder order = new StringBuilder();
      StringBuilder expected = new StringBuilder();
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      Tiles.clock = clock(work[1]);
      Tiles.forEach(
          (int) work[0],
          (index, scratch) -> {
            threads.add(Thread.currentThread());
            order.append(index).append(' ');
          });
      IntStream.range(0, (int) work[0]).forEach(i -> expected.append(i).append(' '));
      assertEquals(expected.toString(), order.toString());
      assertEquals(Set.of(Thread.currentThread()), threads);
      assertEquals(1, scratches((int) work[0]).size());
    }
  }

  @Test
  void partsAreHalfAShareAndAtLeastTheSmallest() {
    assertArrayEquals(new int[] {10, 15, 18, 21, 24, 27, 30}, Tiles.bounds(10, 30, 2, 3));
    assertArrayEquals(new int[] {0, 20, 30, 39, 40}, Tiles.bounds(0, 40, 1, 9));
    assertArrayEquals(new int[] {0, 4, 5}, Tiles.bounds(0, 5, 4, 4));
    assertArrayEquals(new int[] {7}, Tiles.bounds(7, 7, 2, 1));
  }

  @Test
  void theSmallestPartTakesLongerThanTakingIt() {
    assertEquals(20, Tiles.smallest(16, 16_000));
    assertEquals(2, Tiles.smallest(2, 20_000));
    assertEquals(1, Tiles.smallest(1, 1_000_000));
  }

  @Test
  void tilesAreLentUntilTheyAreGivenBack() {
    Tiles.clock = clock(0);
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
    assertEquals(1, scratches(100).size());
    assertEquals(2, Scratch.FREE.size());
  }

  @Test
  void tilesAreGivenBackAfterAFailure() {
    Scratch.FREE.clear();
    Tiles.Task failing =
        (index, scratch) -> {
          throw new IllegalStateException();
        };
    assertThrows(IllegalStateException.class, () -> Tiles.forEach(2, failing));
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
