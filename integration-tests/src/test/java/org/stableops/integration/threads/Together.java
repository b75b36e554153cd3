package org.stableops.integration.threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs something in several threads that start at the same moment. */
final class Together {
  /** Long enough for any of it; a deadlock shall end as a failure. */
  private static final int PATIENCE_SECONDS = 120;

  private Together() {}

  /** What a thread does, by its number. */
  @FunctionalInterface
  interface Work {
    void run(int thread) throws Exception;
  }

  static void run(int threads, Work work) throws Exception {
    run(threads, Executors.defaultThreadFactory(), work);
  }

  /** Returns when all have ended; throws what the first of them threw. */
  static void run(int threads, ThreadFactory factory, Work work) throws Exception {
    CyclicBarrier start = new CyclicBarrier(threads);
    ExecutorService executor = Executors.newFixedThreadPool(threads, factory);
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        ends.add(
            executor.submit(
                () -> {
                  start.await();
                  work.run(thread);
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        await(end);
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private static void await(Future<?> end) throws Exception {
    try {
      end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    } catch (TimeoutException e) {
      throw new AssertionError("no end after " + PATIENCE_SECONDS + " s", e);
    }
  }
}
