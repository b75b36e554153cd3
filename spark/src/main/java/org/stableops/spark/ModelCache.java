package org.stableops.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
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

  /**
   * Returns a model, loaded now if it is not there; others wait as long.
   *
   * @param files of the model
   * @param onLoad is told of a load
   */
  synchronized Lease acquire(ModelFiles files, Runnable onLoad) {
    Entry entry = entries.get(files.id());
    if (entry == null) {
      closeIdle();
      entry = new Entry(load(files));
      entries.put(files.id(), entry);
      onLoad.run();
    }
    entry.users++;
    return new Lease(entry);
  }

  private static LoadedModel load(ModelFiles files) {
    try {
      return files.load();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot load model " + files.name(), e);
    }
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
