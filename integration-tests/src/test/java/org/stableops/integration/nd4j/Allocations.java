package org.stableops.integration.nd4j;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.buffer.factory.DataBufferFactory;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sees every buffer that ND4J makes while this is open, in place of its own factory, and can make
 * it fail.
 */
final class Allocations implements AutoCloseable {
  /** What is thrown in place of memory. */
  static final class NoMemory extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoMemory() {
      super("no memory is left");
    }
  }

  private final DataBufferFactory factory = Nd4j.getDataBufferFactory();
  private final List<Made> made = new ArrayList<>();
  private String failedSite = "";
  private int allowed = Integer.MAX_VALUE;

  /**
   * A buffer.
   *
   * @param site the call of the host that it was made in
   */
  private record Made(DataBuffer buffer, String site) {
    /** Neither numbers nor shapes. */
    boolean isOpenArray() {
      boolean isArray = buffer.dataType() != DataType.INT64 && buffer.length() > 1;
      return isArray && !buffer.wasClosed();
    }
  }

  Allocations() {
    set(
        (DataBufferFactory)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataBufferFactory.class},
                (proxy, method, arguments) -> invoke(method, arguments)));
  }

  private static void set(DataBufferFactory factory) {
    try {
      Field field = Nd4j.class.getDeclaredField("DATA_BUFFER_FACTORY_INSTANCE");
      field.setAccessible(true);
      field.set(null, factory);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private Object invoke(Method method, Object[] arguments) throws Throwable {
    boolean isView = arguments != null && arguments[0] instanceof DataBuffer;
    boolean isNew = method.getName().startsWith("create") && !isView;
    if (isNew && --allowed < 0) {
      failedSite = site();
      throw new NoMemory();
    }
    try {
      Object result = method.invoke(factory, arguments);
      if (isNew) {
        made.add(new Made((DataBuffer) result, site()));
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** The instructions of the library's that led to a call of the host. */
  private static String site() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> frame.getClassName().startsWith("org.stableops.nd4j."))
                    .map(frame -> frame.toStackTraceElement() + ":" + frame.getByteCodeIndex())
                    .collect(Collectors.joining(" < ")));
  }

  /** So many buffers more; forgets those made before. */
  void allow(int buffers) {
    allowed = buffers;
    made.clear();
  }

  /** Whether there was one too many since. */
  boolean hasFailed() {
    return allowed < 0;
  }

  /** The buffers of arrays, made since, that nobody has closed, by the calls that made them. */
  List<String> open() {
    return made.stream().filter(Made::isOpenArray).map(Made::site).toList();
  }

  /** Those of them that the host had made before it was called for what then failed. */
  List<String> openFromBefore() {
    return open().stream().filter(site -> !site.equals(failedSite)).toList();
  }

  @Override
  public void close() {
    set(factory);
  }
}
