package org.stableops.spark;

import java.io.IOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;

/**
 * The models of a JVM: the first task that needs one loads it, the others share it, and tasks that
 * come later find it. A model that no task uses is closed when another one is loaded, so that an
 * application that scores with many does not keep them all. What is left goes with an executor's
 * JVM.
 */
final class ModelCache {
  /** An executor's tasks have nothing in common but their JVM. */
  static final ModelCache OF_THIS_JVM = new ModelCache();

  private final Map<UUID, Entry> entries = new HashMap<>();

  private static final class Entry {
    private final LoadedModel model;
    private int users;

    private Entry(LoadedModel model) {
      this.model = model;
    }
  }

  /** A model that stays open until this is closed. */
  final class Lease implements AutoCloseable {
    private final Entry entry;
    private boolean closed;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    LoadedModel model() {
      return entry.model;
    }

    @Override
    public void close() {
      synchronized (ModelCache.this) {
        if (!closed) {
          closed = true;
          entry.users--;
        }
      }
    }
  }

  /** Reads a model. */
  interface Loader {
    LoadedModel load() throws IOException;
  }

  /**
   * Returns a model, loaded now if it is not there; others wait as long.
   *
   * @param id of the model
   * @param loader is called if nobody else's has been
   */
  synchronized Lease acquire(UUID id, Loader loader) throws IOException {
    Entry entry = entries.get(id);
    if (entry == null) {
      closeIdle();
      entry = new Entry(loader.load());
      entries.put(id, entry);
    }
    entry.users++;
    return new Lease(entry);
  }

  /** Closes the models that no task uses. */
  synchronized void closeIdle() {
    for (Iterator<Entry> each = entries.values().iterator(); each.hasNext(); ) {
      Entry entry = each.next();
      if (entry.users == 0) {
        each.remove();
        entry.model.close();
      }
    }
  }
}
