package org.stableops.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.stableops.BinaryCrossEntropyOptions;
import org.stableops.CrossEntropyOptions;

/**
 * How many primitives the composites of float32 take: passes over rows, and over columns. A
 * constant, a question and freeing are none.
 */
class PrimitivesTest {
  private static final Set<String> NONE =
      Set.of("constant", "classes", "isDouble", "hasTypeOf", "free");
  private static final int CLASSES = 3;

  /** Those of docs/design.md. */
  private static final Map<String, String> COUNTS =
      Map.ofEntries(
          Map.entry("Softplus", "1"),
          Map.entry("Softplus gradient", "3"),
          Map.entry("SoftplusInverse", "10"),
          Map.entry("SoftplusInverse gradient", "12"),
          Map.entry("Squareplus", "11"),
          Map.entry("Squareplus gradient", "13"),
          Map.entry("SquareplusInverse", "12"),
          Map.entry("SquareplusInverse gradient", "5"),
          Map.entry("LogSumExp", "9 + 9"),
          Map.entry("LogSoftmax", "10 + 4"),
          Map.entry("labels", "6 + 10"),
          Map.entry("labels gradient", "9 + 19"),
          Map.entry("finite labels", "4 + 7"),
          Map.entry("finite labels gradient", "6 + 14"),
          Map.entry("near yes or no", "6"),
          Map.entry("near yes or no gradient", "5"),
          Map.entry("yes or no", "9"),
          Map.entry("yes or no gradient", "11"),
          Map.entry("probabilities", "14 + 6"),
          Map.entry("probabilities gradient", "18 + 15"));

  /** Counts what is called on an arithmetic. */
  private static final class Counter implements InvocationHandler {
    private final PlainAlgebra plain = new PlainAlgebra();
    private int ofRows;
    private int ofColumns;

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (method.isDefault()) {
        return InvocationHandler.invokeDefault(proxy, method, arguments);
      }
      Object result;
      try {
        result = method.invoke(plain, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
      if (!NONE.contains(method.getName())
          && Arrays.stream(arguments).noneMatch(a -> a == result)) {
        count(method, arguments, result);
      }
      return result;
    }

    private void count(Method method, Object[] arguments, Object result) {
      boolean readsRows = Arrays.stream(arguments).anyMatch(Counter::isOfRows);
      boolean isPass = isOfRows(result) || method.getName().matches("rowSums|argMax");
      if (readsRows && isPass) {
        ofRows++;
      } else {
        ofColumns++;
      }
    }

    private static boolean isOfRows(Object array) {
      return array instanceof PlainArray plain && plain.columns() > 1;
    }

    @SuppressWarnings("unchecked")
    RowAlgebra<PlainArray> algebra() {
      return (RowAlgebra<PlainArray>)
          Proxy.newProxyInstance(
              PrimitivesTest.class.getClassLoader(), new Class<?>[] {RowAlgebra.class}, this);
    }
  }

  private static String counted(Consumer<RowAlgebra<PlainArray>> composite) {
    Counter counter = new Counter();
    composite.accept(counter.algebra());
    return counter.ofColumns == 0
        ? "" + counter.ofRows
        : counter.ofRows + " + " + counter.ofColumns;
  }

  private static PlainArray rows() {
    return new PlainArray(new double[] {1, 2, 3, 3, 1, 2}, CLASSES, false);
  }

  private static PlainArray column(double... numbers) {
    return new PlainArray(numbers, 1, true);
  }

  private static SoftmaxComposite<PlainArray> softmax(RowAlgebra<PlainArray> m) {
    return new SoftmaxComposite<>(m, rows());
  }

  private static CrossEntropyComposite<PlainArray> sparse(RowAlgebra<PlainArray> m) {
    return CrossEntropyComposite.sparse(
        softmax(m), column(0, 1), null, CrossEntropyOptions.DEFAULT);
  }

  private static CrossEntropyComposite<PlainArray> finite(RowAlgebra<PlainArray> m) {
    PlainArray max = new PlainArray(new double[] {3, 3}, 1, false);
    return CrossEntropyComposite.ofFinite(
        m, rows(), max, column(0, 1), null, CrossEntropyOptions.DEFAULT);
  }

  private static CrossEntropyComposite<PlainArray> dense(RowAlgebra<PlainArray> m) {
    return CrossEntropyComposite.dense(softmax(m), m.toDouble(rows()), CrossEntropyOptions.DEFAULT);
  }

  @Test
  void compositesTakeSoManyPrimitives() {
    for (Elementwise operator : Operators.ALL) {
      PlainArray x = rows();
      double p = operator.name().startsWith("Square") ? 4 : 1;
      assertCount(operator.name(), m -> operator.composite().value(m, x, p));
      assertCount(operator.name() + " gradient", m -> operator.composite().gradient(m, x, p));
    }
    assertYesOrNo("near yes or no", 16);
    assertYesOrNo("yes or no", 17);
    assertCount("LogSumExp", m -> softmax(m).logSumExp());
    assertCount("LogSoftmax", m -> softmax(m).logSoftmax());
    assertCount("labels", m -> sparse(m).losses());
    assertCount("labels gradient", m -> both(sparse(m)));
    assertCount("finite labels", m -> finite(m).losses());
    assertCount("finite labels gradient", m -> both(finite(m)));
    assertCount("probabilities", m -> dense(m).losses());
    assertCount("probabilities gradient", m -> both(dense(m)));
  }

  private static void assertYesOrNo(String what, double largest) {
    ElementLoss.LossComposite composite =
        ElementLosses.sigmoidCrossEntropy()
            .of(BinaryCrossEntropyOptions.DEFAULT)
            .composite()
            .within(-largest, largest);
    PlainArray targets = new PlainArray(new double[] {0, 1, 1, 0, 0.5, 1}, CLASSES, false);
    assertCount(what, m -> composite.value(m, rows(), null, targets));
    assertCount(what + " gradient", m -> composite.gradient(m, rows(), null, targets));
  }

  private static void assertCount(String what, Consumer<RowAlgebra<PlainArray>> composite) {
    assertEquals(COUNTS.get(what), counted(composite), what);
  }

  private static void both(CrossEntropyComposite<PlainArray> composite) {
    composite.losses();
    composite.gradient(column(1, 1));
  }
}
