package org.stableops.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;

/**
 * A function of tiles that C2 compiles on its own instead of inlining it into its callers, where
 * what the Vector API needs most, that no vector becomes an object, now and then fails: then it is
 * four times slower than plain Java. C2 inlines no method handle that is not a constant.
 */
final class OutOfLine {
  /** Not final, for that might make it a constant. */
  private MethodHandle function;

  private OutOfLine(MethodHandle function) {
    this.function = function;
  }

  /** The method of this name that takes two arrays, one to write, and how many elements. */
  static OutOfLine of(Lookup lookup, Object target, String name, Class<?> array) {
    return of(
        lookup, target, name, MethodType.methodType(void.class, array, array, array, int.class));
  }

  /** The method of this name that takes an array, a number, one to write, and gives a sum. */
  static OutOfLine ofSum(Lookup lookup, Object target, String name) {
    MethodType type =
        MethodType.methodType(double.class, float[].class, float.class, float[].class, int.class);
    return of(lookup, target, name, type);
  }

  /** The method of this name that takes doubles, floats to write, and how many elements. */
  static OutOfLine ofNarrowing(Lookup lookup, Object target, String name) {
    return of(
        lookup,
        target,
        name,
        MethodType.methodType(void.class, double[].class, float[].class, int.class));
  }

  private static OutOfLine of(Lookup lookup, Object target, String name, MethodType type) {
    try {
      return new OutOfLine(lookup.bind(target, name, type));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  double callForSum(float[] a, float max, float[] out, int count) {
    try {
      return (double) function.invokeExact(a, max, out, count);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  void call(double[] x, float[] out, int count) {
    try {
      function.invokeExact(x, out, count);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  void call(float[] a, float[] b, float[] out, int count) {
    try {
      function.invokeExact(a, b, out, count);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  void call(double[] a, double[] b, double[] out, int count) {
    try {
      function.invokeExact(a, b, out, count);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Throws as it is what cannot be checked: the functions declare nothing. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> RuntimeException unchecked(Throwable e) throws T {
    throw (T) e;
  }
}
