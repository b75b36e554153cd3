package org.stableops.kernel;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Work in parts that threads take one by one: the caller, and those of the common pool that come to
 * help. In the end the caller waits for parts that others have begun, never for one that nobody
 * has; so it ends whatever else the pool is busy with. A parallel stream may not: where every
 * worker is blocked and another thread's task lies upon its own in the pool's queue, it waits.
 */
final class Parts {
  /** Queued helpers a worker beyond which no more are called. */
  private static final int BACKLOG = 4;

  private final int count;
  private final AtomicInteger next = new AtomicInteger();
  private final CountDownLatch unfinished;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** Cleared in the end, so that a helper which is still queued does not keep it. */
  private IntConsumer part;

  /** Parts 0 … count − 1, in any order. */
  Parts(int count, IntConsumer part) {
    this.count = count;
    this.part = part;
    unfinished = new CountDownLatch(count);
  }

  /** Runs them all, and throws the first failure when no thread is at work any more. */
  void run(int helpers) {
    ForkJoinTask<?>[] called = new ForkJoinTask<?>[isBacklogged() ? 0 : helpers];
    int forked = 0;
    try {
      while (forked < called.length) {
        called[forked] = new Helper().fork();
        forked++;
      }
    } finally {
      // Whatever happens to calling, those who have come are waited for.
      takeAll();
      while (forked > 0) {
        forked--;
        called[forked].tryUnfork();
      }
      awaitOthers();
      part = null;
    }
    if (failure.get() instanceof Error error) {
      throw error;
    }
    if (failure.get() != null) {
      throw (RuntimeException) failure.get();
    }
  }

  /** A worker's helpers wait in a queue of its own, from which it takes back those left over. */
  private static boolean isBacklogged() {
    ForkJoinPool pool = ForkJoinPool.commonPool();
    return !ForkJoinTask.inForkJoinPool()
        && pool.getQueuedSubmissionCount() >= BACKLOG * pool.getParallelism();
  }

  private void takeAll() {
    for (int p = next.getAndIncrement(); p < count; p = next.getAndIncrement()) {
      try {
        if (failure.get() == null) {
          part.accept(p);
        }
      } catch (RuntimeException | Error e) {
        failure.compareAndSet(null, e);
      } finally {
        unfinished.countDown();
      }
    }
  }

  private void awaitOthers() {
    boolean isInterrupted = false;
    while (unfinished.getCount() > 0) {
      try {
        unfinished.await();
      } catch (InterruptedException e) {
        // They write into arrays of the caller, who is to find that out afterwards.
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Comes whenever a worker has time, perhaps when all is done. */
  private final class Helper extends RecursiveAction {
    private static final long serialVersionUID = 1;

    @Override
    protected void compute() {
      takeAll();
    }
  }
}
