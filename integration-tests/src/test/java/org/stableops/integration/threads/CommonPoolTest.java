package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.stableops.integration.Call;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.oracle.Format;

/** Kernels share their work among the common pool; what if it has no thread, or is the caller? */
class CommonPoolTest {
  private static final int THREADS = 2;
  private static DjlCalls djl;
  private static Bits bits;

  @BeforeAll
  static void computeAlone() throws Exception {
    djl = new DjlCalls(Format.FLOAT32, 24, 1024);
    List<Call> calls = new ArrayList<>(djl.all());
    calls.addAll(new Nd4jCalls(Format.FLOAT32, 24, 1024).all());
    bits = Bits.alone(calls);
  }

  @AfterAll
  static void nothingIsLeft() {
    assertEquals(0, djl.leftBehind());
    djl.close();
  }

  @Test
  void everyWorkerIsBlocked() throws Exception {
    int workers = ForkJoinPool.getCommonPoolParallelism();
    CountDownLatch blocked = new CountDownLatch(workers);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 2 * workers; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                blocked.countDown();
                awaitUninterruptibly(end);
              });
    }
    try {
      blocked.await();
      Together.run(THREADS, thread -> bits.check(thread, THREADS));
    } finally {
      end.countDown();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theCallersAreTheCommonPool() {
    IntStream.range(0, bits.calls().size()).parallel().forEach(bits::check);
  }

  @Test
  void theCallersAreAnotherPool() throws Exception {
    ForkJoinPool pool = new ForkJoinPool(THREADS);
    try {
      pool.submit(this::theCallersAreTheCommonPool).get();
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void theCallerIsInterrupted() throws Exception {
    Together.run(
        THREADS,
        thread -> {
          Thread.currentThread().interrupt();
          for (int i = 0; i < bits.calls().size(); i++) {
            bits.check(i);
            assertTrue(Thread.currentThread().isInterrupted(), bits.calls().get(i).name());
          }
        });
  }
}
