package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.PositiveTransform;
import org.stableops.Reduction;
import org.stableops.djl.loss.FusedSoftmaxCrossEntropyLoss;
import org.stableops.nd4j.weights.PositiveWeights;

/**
 * Null in any place of a public function or constructor of these is an IllegalArgumentException,
 * where the place is not nullable.
 */
class NullArgumentsTest {
  private final NDManager manager = NDManager.newBaseManager();
  private final SameDiff graph = SameDiff.create();
  private boolean isSparse;
  private boolean isGumbel;
  private boolean isLinear;

  /** Whether the third array of any cross-entropy is its sample weights. */
  private boolean isWeighted;

  private int arrays;

  @BeforeEach
  void nameVariables() {
    graph.var("x", Nd4j.ones(2, 3));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static Stream<String> classes() {
    List<String> others =
        List.of(
            "CrossEntropyOptions",
            "PositiveTransform",
            "djl.loss.FusedSoftmaxCrossEntropyLoss",
            "djl.evaluator.SoftmaxAccuracy",
            "nd4j.lossfunctions.LossFusedSoftmaxCrossEntropy",
            "nd4j.evaluation.SparseEvaluation",
            "nd4j.weights.PositiveWeights");
    Stream<String> ofBothHosts =
        MirroredSignaturesTest.operators()
            .flatMap(name -> Stream.of("djl." + name, "nd4j." + name));
    return Stream.concat(others.stream(), ofBothHosts);
  }

  @ParameterizedTest
  @MethodSource("classes")
  void areNamed(String name) throws ReflectiveOperationException {
    Class<?> type = Class.forName("org.stableops." + name);
    isSparse = name.contains("Sparse");
    isGumbel = name.contains("Gumbel");
    isLinear = name.contains("Linear");
    List<String> checked = new ArrayList<>();
    for (Executable executable : executables(type)) {
      Class<?>[] types = executable.getParameterTypes();
      for (int i = 0; i < types.length; i++) {
        boolean isNullable =
            executable.getAnnotatedParameterTypes()[i].isAnnotationPresent(Nullable.class);
        if (!types[i].isPrimitive() && !isNullable) {
          assertNamed(executable, i);
          checked.add(executable + " " + i);
        }
      }
    }
    assertTrue(!checked.isEmpty(), name);
  }

  /** Public constructors, functions, and withers, which are the only methods of values with one. */
  private static List<Executable> executables(Class<?> type) {
    Stream<Method> methods =
        Arrays.stream(type.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()))
            .filter(
                method ->
                    Modifier.isStatic(method.getModifiers())
                        || method.getName().startsWith("with")
                        || method.getName().startsWith("starting"));
    return Stream.concat(Arrays.stream(type.getConstructors()), methods).toList();
  }

  private void assertNamed(Executable executable, int nullAt) {
    Object[] arguments = arguments(executable);
    arguments[nullAt] = null;
    String call = executable + ", null at " + nullAt;
    Throwable thrown =
        assertThrows(InvocationTargetException.class, () -> invoke(executable, arguments), call)
            .getCause();
    assertInstanceOf(IllegalArgumentException.class, thrown, call);
    assertTrue(thrown.getMessage().endsWith("got null"), call + ": " + thrown.getMessage());
  }

  private Object invoke(Executable executable, Object[] arguments)
      throws ReflectiveOperationException {
    if (executable instanceof Method method) {
      Object target =
          Modifier.isStatic(method.getModifiers()) ? null : sample(method.getDeclaringClass());
      return method.invoke(target, arguments);
    }
    return ((Constructor<?>) executable).newInstance(arguments);
  }

  private Object[] arguments(Executable executable) {
    arrays = 0;
    isWeighted =
        executable.getName().equals("hessianVectorProduct") && executable.getParameterCount() == 5;
    return Arrays.stream(executable.getParameterTypes()).map(this::sample).toArray();
  }

  private Object sample(Class<?> type) {
    if (type == NDArray.class) {
      return djl(arrays++);
    }
    if (type == INDArray.class) {
      return nd4j(arrays++);
    }
    if (type == SDVariable.class) {
      return graph.getVariable("x");
    }
    if (type == int.class) {
      return 1;
    }
    if (type == long.class) {
      return 1L;
    }
    if (type == float.class) {
      return 1f;
    }
    if (type == double.class) {
      return 1.0;
    }
    return Stream.of(
            CrossEntropyOptions.DEFAULT,
            Reduction.SUM,
            PositiveTransform.softplus(),
            PositiveTransform.Family.EXP,
            new LinearCrossEntropyDirection<>(null, null, null),
            new FusedSoftmaxCrossEntropyLoss(),
            "name",
            new double[] {1, 2, 3},
            PositiveWeights.by(PositiveTransform.exp()))
        .filter(type::isInstance)
        .findFirst()
        .orElse(null);
  }

  /**
   * Logits, labels and sample weights for a cross-entropy; logits, noise and temperature for the
   * Gumbel-softmax; hidden, weight, and one a row for the linear cross-entropy; to the others all
   * are alike.
   */
  private NDArray djl(int index) {
    if (isGumbel && index == 2) {
      return manager.ones(new Shape(1));
    }
    if (isSparse && index == 1) {
      return manager.create(new long[2]);
    }
    boolean isOneARow = isLinear ? index >= 2 : (isSparse || isWeighted) && index == 2;
    return manager.ones(isOneARow ? new Shape(2) : new Shape(2, 3));
  }

  private INDArray nd4j(int index) {
    if (isGumbel && index == 2) {
      return Nd4j.ones(1);
    }
    if (isSparse && index == 1) {
      return Nd4j.createFromArray(0L, 0L);
    }
    boolean isOneARow = isLinear ? index >= 2 : (isSparse || isWeighted) && index == 2;
    return isOneARow ? Nd4j.ones(2) : Nd4j.ones(2, 3);
  }
}
