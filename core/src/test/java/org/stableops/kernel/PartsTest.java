package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every part is run once and is over in the end, whatever the pool and the parts do. */
@Timeout(60)
@Tag("thorough")
class PartsTest {
  private static final int COUNT = 100;
  private static final int HELPERS = 3;

  private static void assertEachRunsOnce() {
    AtomicIntegerArray runs = new AtomicIntegerArray(COUNT);
    new Parts(COUNT, runs::incrementAndGet).run(HELPERS);
    for (int p = 0; p < COUNT; p++) {
      assertEquals(1, runs.get(p));
    }
  }

  @RepeatedTest(100)
  void everyPartRunsOnce() {
    assertEachRunsOnce();
  }

  @Test
  void aWorkerMayCallThem() {
    IntStream.range(0, 100).parallel().forEach(i -> assertEachRunsOnce());
  }

  /** Two callers share a queue of the pool, in which the parts of both wait for its workers. */
  @Test
  void noWorkerIsNeeded() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    block(end);
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        calls.add(callers.submit(PartsTest::assertEachRunsOnce));
      }
      for (Future<?> call : calls) {
        call.get(30, TimeUnit.SECONDS);
      }
      int waiting = ForkJoinPool.commonPool().getQueuedSubmissionCount();
      int most = 4 * ForkJoinPool.getCommonPoolParallelism() + 8 * HELPERS;
      assertTrue(waiting <= most, waiting + " helpers wait in the queue for nothing");
    } finally {
      end.countDown();
      callers.shutdownNow();
    }
    // For other tests, which may need a worker.
    while (ForkJoinPool.commonPool().hasQueuedSubmissions()) {
      Thread.yield();
    }
  }

  private static void block(CountDownLatch end) throws InterruptedException {
    int workers = ForkJoinPool.getCommonPoolParallelism();
    CountDownLatch blocked = new CountDownLatch(workers);
    for (int i = 0; i < workers; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                blocked.countDown();
                try {
                  end.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
    }
    blocked.await();
  }

  /** By whichever thread a part is run. */
  @RepeatedTest(20)
  void aFailureIsThrownWhenNobodyIsAtWorkAnyMore() {
    AtomicInteger atWork = new AtomicInteger();
    OutOfMemoryError failure = new OutOfMemoryError("of a part");
    Parts parts =
        new Parts(
            COUNT,
            p -> {
              atWork.incrementAndGet();
              Thread.yield();
              atWork.decrementAndGet();
              if (p == 10) {
                throw failure;
              }
            });
    assertSame(failure, assertThrows(OutOfMemoryError.class, () -> parts.run(HELPERS)));
    assertEquals(0, atWork.get());
  }

  @Test
  void anInterruptedCallerWaitsAndStaysInterrupted() throws Exception {
    int ended =
        besideHelper(
            caller -> {
              caller.interrupt();
              sleep();
            });
    assertTrue(Thread.interrupted(), "the caller is still interrupted");
    assertEquals(2, ended);
  }

  /** A helper that works long leaves the caller's processor to others. */
  @Test
  void theCallerSleepsWhileItWaits() {
    AtomicBoolean slept = new AtomicBoolean();
    besideHelper(caller -> slept.set(fallsAsleep(caller)));
    assertTrue(slept.get());
  }

  /** Two parts, of which the caller's ends when the helper's has begun; how many have ended. */
  private static int besideHelper(Consumer<Thread> ofHelper) {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    Thread caller = Thread.currentThread();
    new Parts(
            2,
            p -> {
              if (Thread.currentThread() == caller) {
                await(begun);
              } else {
                begun.countDown();
                ofHelper.accept(caller);
              }
              ended.incrementAndGet();
            })
        .run(HELPERS);
    return ended.get();
  }

  private static boolean fallsAsleep(Thread thread) {
    for (int i = 0; i < 200 && thread.getState() != Thread.State.WAITING; i++) {
      sleep();
    }
    return thread.getState() == Thread.State.WAITING;
  }

  /** Until a helper has come, or none will since the other part is the caller's as well. */
  private static void await(CountDownLatch begun) {
    try {
      assertTrue(begun.await(30, TimeUnit.SECONDS), "a helper comes");
    } catch (InterruptedException e) {
      // By the helper, which has come; so stays it.
      Thread.currentThread().interrupt();
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
