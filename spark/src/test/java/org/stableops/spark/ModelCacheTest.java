package org.stableops.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** One load a model, however many tasks; closed when nobody uses it. */
class ModelCacheTest {
  private static final int TASKS = 8;

  private final ModelCache cache = new ModelCache();
  private final AtomicInteger loads = new AtomicInteger();

  private static final class Model implements LoadedModel {
    private int closed;

    @Override
    public Scorer newScorer() {
      throw new AssertionError("not to be called");
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private Model load() {
    loads.incrementAndGet();
    return new Model();
  }

  @Test
  void loadsOnceForTasksThatComeTogether() throws Exception {
    UUID id = UUID.randomUUID();
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(TASKS);
    try {
      List<Future<ModelCache.Lease>> tasks = new ArrayList<>();
      for (int i = 0; i < TASKS; i++) {
        tasks.add(
            threads.submit(
                () -> {
                  start.await();
                  return cache.acquire(id, this::load);
                }));
      }
      start.countDown();
      LoadedModel model = tasks.get(0).get().model();
      for (Future<ModelCache.Lease> task : tasks) {
        assertSame(model, task.get().model());
      }
      assertEquals(1, loads.get());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void keepsAModelForTheNextTask() throws IOException {
    UUID id = UUID.randomUUID();
    ModelCache.Lease first = cache.acquire(id, this::load);
    first.close();
    try (ModelCache.Lease second = cache.acquire(id, this::load)) {
      assertSame(first.model(), second.model());
    }
    assertEquals(1, loads.get());
  }

  @Test
  void closesAnIdleModelWhenAnotherIsLoaded() throws IOException {
    ModelCache.Lease first = cache.acquire(UUID.randomUUID(), this::load);
    ModelCache.Lease second = cache.acquire(UUID.randomUUID(), this::load);
    assertNotSame(first.model(), second.model());
    assertEquals(0, ((Model) first.model()).closed); // In use.
    first.close();
    cache.acquire(UUID.randomUUID(), this::load);
    assertEquals(1, ((Model) first.model()).closed);
    assertEquals(0, ((Model) second.model()).closed);
  }

  @Test
  void aLeaseEndsOnce() throws IOException {
    UUID id = UUID.randomUUID();
    ModelCache.Lease first = cache.acquire(id, this::load);
    ModelCache.Lease second = cache.acquire(id, this::load);
    first.close();
    first.close();
    cache.closeIdle();
    assertEquals(0, ((Model) second.model()).closed);
    second.close();
    cache.closeIdle();
    cache.closeIdle();
    assertEquals(1, ((Model) second.model()).closed);
  }

  @Test
  void triesAgainAfterAFailure() throws IOException {
    UUID id = UUID.randomUUID();
    assertThrows(
        IOException.class,
        () ->
            cache.acquire(
                id,
                () -> {
                  throw new IOException("truncated");
                }));
    cache.acquire(id, this::load);
    assertEquals(1, loads.get());
  }
}
