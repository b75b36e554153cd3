package org.stableops.integration.djl;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Field;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Fails when a manager gets one array too many, with what libtorch throws when it has no memory. In
 * place of the manager's own map, for its class cannot be extended.
 */
final class ScarceMemory extends ConcurrentHashMap<String, AutoCloseable> {
  private static final long serialVersionUID = 1;

  private int allowed = Integer.MAX_VALUE;

  private ScarceMemory(ConcurrentHashMap<String, AutoCloseable> resources) {
    super(resources);
  }

  @SuppressWarnings("unchecked")
  static ScarceMemory in(NDManager manager) {
    try {
      Field field = BaseNDManager.class.getDeclaredField("resources");
      field.setAccessible(true);
      ScarceMemory scarce =
          new ScarceMemory((ConcurrentHashMap<String, AutoCloseable>) field.get(manager));
      field.set(manager, scarce);
      return scarce;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** So many arrays more. */
  void allow(int arrays) {
    allowed = arrays;
  }

  @Override
  public AutoCloseable put(String id, AutoCloseable resource) {
    if (allowed == 0) {
      throw new EngineException("no memory is left for " + id);
    }
    allowed--;
    return super.put(id, resource);
  }
}
