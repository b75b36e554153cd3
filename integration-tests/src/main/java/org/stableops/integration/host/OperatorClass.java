package org.stableops.integration.host;

import ai.djl.ndarray.NDArray;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.stableops.op.Elementwise;

/**
 * The public class of an operator in a host, whose static methods are called by name: so that
 * {@link org.stableops.op.Operators#ALL} is the only list of operators.
 *
 * @param type the class
 * @param array the host's arrays, which null is taken for
 */
public record OperatorClass(Class<?> type, Class<?> array) {
  /**
   * Finds the class of an operator in DJL.
   *
   * @param operator any
   * @return its class
   */
  public static OperatorClass inDjl(Elementwise operator) {
    return inDjl(operator.name());
  }

  /**
   * Finds the class of an operator in DJL.
   *
   * @param operator the name of its class
   * @return its class
   */
  public static OperatorClass inDjl(String operator) {
    return of("org.stableops.djl.", operator, NDArray.class);
  }

  /**
   * Finds the class of an operator in ND4J.
   *
   * @param operator any
   * @return its class
   */
  public static OperatorClass inNd4j(Elementwise operator) {
    return inNd4j(operator.name());
  }

  /**
   * Finds the class of an operator in ND4J.
   *
   * @param operator the name of its class
   * @return its class
   */
  public static OperatorClass inNd4j(String operator) {
    return of("org.stableops.nd4j.", operator, INDArray.class);
  }

  private static OperatorClass of(String prefix, String operator, Class<?> array) {
    try {
      return new OperatorClass(Class.forName(prefix + operator), array);
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(operator + " has no class in " + prefix, e);
    }
  }

  /**
   * Calls a method.
   *
   * @param <T> what it returns
   * @param name that of the method
   * @param arguments numbers, arrays, null for an array, and variables
   * @return its result
   */
  @SuppressWarnings("unchecked")
  public <T> T call(String name, Object... arguments) {
    Method method =
        Arrays.stream(type.getMethods())
            .filter(candidate -> candidate.getName().equals(name) && takes(candidate, arguments))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "%s has no %s of %s".formatted(type, name, Arrays.toString(arguments))));
    try {
      return (T) method.invoke(null, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean takes(Method method, Object... arguments) {
    Class<?>[] types = method.getParameterTypes();
    boolean takes = types.length == arguments.length;
    for (int i = 0; takes && i < types.length; i++) {
      takes =
          types[i] == double.class
              ? arguments[i] instanceof Double
              : types[i].isInstance(arguments[i]) || (arguments[i] == null && types[i] == array);
    }
    return takes;
  }
}
