package org.stableops.integration.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.stableops.CrossEntropyOptions;
import org.stableops.djl.SecondOrder;

/** Cross-entropies of extreme rows in a scope, beside their explicit derivatives. */
class SecondOrderCrossEntropyTest extends OnBothPaths {
  private static final double INFINITY = Double.POSITIVE_INFINITY;
  private static final long IGNORED = 7;

  /** Logits by name; all rows with a NaN are ignored. */
  private static Map<String, double[][]> rows() {
    Map<String, double[][]> rows = new LinkedHashMap<>();
    rows.put("a masked class", new double[][] {{2, -INFINITY, 1}, {-INFINITY, 1, 3}});
    rows.put("one of +inf", new double[][] {{INFINITY, 0, 1}, {0.3, -1, 2}});
    rows.put("a masked class beside +inf", new double[][] {{0, INFINITY, -INFINITY}});
    rows.put("gaps within float32", new double[][] {{80, 0, -1}, {0, 85, -1}});
    rows.put("gaps that float32 just has", new double[][] {{103, 0, -1}, {0, 100, -1}});
    rows.put("gaps beyond float32", new double[][] {{120, 0, -1}, {0, 105, -1}, {200, 0, 199}});
    rows.put("a gap beyond float64", new double[][] {{800, 0, -1}});
    rows.put("a confident row of cost", new double[][] {{0, 1, 300}, {-1000, -200, -1}});
    rows.put("one class", new double[][] {{2}, {-3}});
    rows.put("tied maxima", new double[][] {{1, 1, -1}, {5, 5, 5}, {200, 0, 200}});
    rows.put("an ignored row", new double[][] {{Double.NaN, 1, 2}, {0.3, -1, 2}});
    return rows;
  }

  private static List<CrossEntropyOptions> options(int classes) {
    CrossEntropyOptions plain = CrossEntropyOptions.DEFAULT;
    CrossEntropyOptions smooth =
        plain.withLabelSmoothing(0.1).withClassWeights(Arrays.copyOf(weights(), classes));
    return List.of(plain, plain.withZLoss(0.1), smooth, smooth.withZLoss(0.3));
  }

  private static double[] weights() {
    return new double[] {0.5, 2, 1};
  }

  @Test
  void extremeRowsHaveTheExplicitDerivatives() {
    for (DataType type : Djl.FLOATS) {
      rows().forEach((name, rows) -> assertExplicit(name + " in " + type, rows, type));
    }
  }

  private void assertExplicit(String name, double[][] rows, DataType type) {
    Shape shape = new Shape(rows.length, rows[0].length);
    double[] elements = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    NDArray logits = Djl.array(manager, type, shape, elements);
    NDArray v = Djl.waves(manager, type, shape, 5);
    for (CrossEntropyOptions options : options(rows[0].length)) {
      NDArray labels = CrossEntropyKind.DENSE.labels(manager, shape, 1);
      boolean isIgnored = Double.isNaN(rows[0][0]);
      if (!isIgnored) {
        assertExplicit(name, CrossEntropyKind.DENSE, logits, labels, v, options);
      }
      long[] classes = new long[rows.length];
      classes[0] = isIgnored ? IGNORED : 0;
      CrossEntropyOptions ofLabels = isIgnored ? options.withIgnoreIndex(IGNORED) : options;
      NDArray integers = manager.create(classes).duplicate();
      assertExplicit(name, CrossEntropyKind.SPARSE, logits, integers, v, ofLabels);
    }
  }

  private static void assertExplicit(
      String name,
      CrossEntropyKind kind,
      NDArray logits,
      NDArray labels,
      NDArray v,
      CrossEntropyOptions options) {
    String message = kind + " of " + name + ", " + options;
    List<double[]> actual = inScope(kind, logits, labels, v, options);
    double[] gradient = Djl.doubles(kind.gradient(logits, labels, options));
    for (int i = 0; i < gradient.length; i++) {
      // −0 + 0 is 0.
      assertEquals(gradient[i] + 0.0, actual.get(0)[i] + 0.0, message + ", gradient at " + i);
    }
    double[] product = Djl.doubles(kind.hessianVectorProduct(logits, labels, v, options));
    double largest = Arrays.stream(product).map(Math::abs).filter(Double::isFinite).max().orElse(0);
    DataType type = logits.getDataType();
    double error = 8 * epsilon(type) * Math.max(largest, 4 * leastNormal(type));
    for (int i = 0; i < product.length; i++) {
      if (Double.isFinite(product[i])) {
        assertEquals(product[i] + 0.0, actual.get(1)[i] + 0.0, error, message + ", H·v at " + i);
      }
    }
  }

  /** The gradient and H·v. */
  private static List<double[]> inScope(
      CrossEntropyKind kind,
      NDArray logits,
      NDArray labels,
      NDArray v,
      CrossEntropyOptions options) {
    NDArray leaf = logits.duplicate();
    leaf.setRequiresGradient(true);
    NDList arrays = new NDList(leaf);
    List<double[]> results = new ArrayList<>();
    try (SecondOrder scope = SecondOrder.open()) {
      NDArray loss = kind.value(leaf, labels, options);
      results.add(Djl.doubles(scope.gradients(loss, arrays).get(0)));
      results.add(Djl.doubles(scope.hessianVectorProducts(loss, arrays, new NDList(v)).get(0)));
    }
    return results;
  }

  private static double epsilon(DataType type) {
    return switch (type) {
      case FLOAT16 -> 0x1p-11;
      case FLOAT32 -> 0x1p-24;
      default -> 0x1p-53;
    };
  }

  /** Smaller numbers have fewer digits, which the scope multiplies by v. */
  private static double leastNormal(DataType type) {
    return switch (type) {
      case FLOAT16 -> 0x1p-14;
      case FLOAT32 -> Float.MIN_NORMAL;
      default -> Double.MIN_NORMAL;
    };
  }
}
