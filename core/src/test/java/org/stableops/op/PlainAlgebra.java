package org.stableops.op;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;

/** The arithmetic of a host without faults: each operation in double, rounded to the dtype. */
final class PlainAlgebra implements RowAlgebra<PlainArray> {
  private static PlainArray map(PlainArray x, DoubleUnaryOperator f) {
    double[] result = Arrays.stream(x.elements()).map(f).toArray();
    return rounded(result, x.columns(), x.isDouble());
  }

  private static PlainArray map(PlainArray x, PlainArray y, DoubleBinaryOperator f) {
    double[] result = new double[x.elements().length];
    Arrays.setAll(result, i -> f.applyAsDouble(x.elements()[i], y.elements()[i]));
    return rounded(result, x.columns(), x.isDouble());
  }

  private static PlainArray rounded(double[] result, int columns, boolean isDouble) {
    if (!isDouble) {
      Arrays.setAll(result, i -> (float) result[i]);
    }
    return new PlainArray(result, columns, isDouble);
  }

  private static PlainArray condition(PlainArray x, DoublePredicate predicate) {
    return map(x, v -> predicate.test(v) ? 1 : 0);
  }

  private static double asIn(PlainArray x, double number) {
    return x.isDouble() ? number : (float) number;
  }

  @Override
  public PlainArray add(PlainArray x, PlainArray y) {
    return map(x, y, Double::sum);
  }

  @Override
  public PlainArray add(PlainArray x, double y) {
    double number = asIn(x, y);
    return map(x, v -> v + number);
  }

  @Override
  public PlainArray subtract(PlainArray x, PlainArray y) {
    return map(x, y, (v, w) -> v - w);
  }

  @Override
  public PlainArray multiply(PlainArray x, PlainArray y) {
    return map(x, y, (v, w) -> v * w);
  }

  @Override
  public PlainArray multiply(PlainArray x, double y) {
    double number = asIn(x, y);
    return map(x, v -> v * number);
  }

  @Override
  public PlainArray divide(PlainArray x, PlainArray y) {
    return map(x, y, (v, w) -> v / w);
  }

  @Override
  public PlainArray divide(PlainArray x, double y) {
    double number = asIn(x, y);
    return map(x, v -> v / number);
  }

  @Override
  public PlainArray divide(double x, PlainArray y) {
    double number = asIn(y, x);
    return map(y, v -> number / v);
  }

  @Override
  public PlainArray negate(PlainArray x) {
    return map(x, v -> -v);
  }

  @Override
  public PlainArray abs(PlainArray x) {
    return map(x, Math::abs);
  }

  @Override
  public PlainArray sqrt(PlainArray x) {
    return map(x, Math::sqrt);
  }

  @Override
  public PlainArray exp(PlainArray x) {
    return map(x, Math::exp);
  }

  @Override
  public PlainArray log(PlainArray x) {
    return map(x, Math::log);
  }

  @Override
  public PlainArray sinh(PlainArray x) {
    return map(x, Math::sinh);
  }

  @Override
  public PlainArray log1p(PlainArray x) {
    return map(x, Math::log1p);
  }

  @Override
  public PlainArray log1pExp(PlainArray x) {
    return map(x, v -> Math.log1p(Math.exp(v)));
  }

  @Override
  public PlainArray max(PlainArray x, PlainArray y) {
    return map(x, y, Math::max);
  }

  @Override
  public PlainArray min(PlainArray x, PlainArray y) {
    return map(x, y, Math::min);
  }

  @Override
  public PlainArray atLeast(PlainArray x, double least) {
    return map(x, v -> Math.max(v, least));
  }

  @Override
  public PlainArray atMost(PlainArray x, double most) {
    return map(x, v -> Math.min(v, most));
  }

  @Override
  public PlainArray isLess(PlainArray x, double y) {
    return condition(x, v -> v < y);
  }

  @Override
  public PlainArray isLess(PlainArray x, PlainArray y) {
    return map(x, y, (v, w) -> v < w ? 1 : 0);
  }

  @Override
  public PlainArray isMore(PlainArray x, double y) {
    return condition(x, v -> v > y);
  }

  @Override
  public PlainArray isEqual(PlainArray x, double y) {
    return condition(x, v -> v == y);
  }

  @Override
  public PlainArray isEqual(PlainArray x, PlainArray y) {
    return map(x, y, (v, w) -> v == w ? 1 : 0);
  }

  @Override
  public PlainArray isNaN(PlainArray x) {
    return condition(x, Double::isNaN);
  }

  @Override
  public PlainArray isInfinite(PlainArray x) {
    return condition(x, Double::isInfinite);
  }

  @Override
  public PlainArray select(PlainArray condition, PlainArray yes, PlainArray no) {
    double[] result = new double[no.elements().length];
    Arrays.setAll(result, i -> condition.elements()[i] == 0 ? no.elements()[i] : yes.elements()[i]);
    return new PlainArray(result, no.columns(), no.isDouble());
  }

  @Override
  public PlainArray constant(double number, PlainArray x) {
    return map(x, v -> number);
  }

  @Override
  public PlainArray copy(PlainArray x) {
    return map(x, v -> v);
  }

  @Override
  public boolean isDouble(PlainArray x) {
    return x.isDouble();
  }

  @Override
  public PlainArray toDouble(PlainArray x) {
    return new PlainArray(x.elements().clone(), x.columns(), true);
  }

  @Override
  public PlainArray toTypeOf(PlainArray other, PlainArray x) {
    return rounded(x.elements().clone(), x.columns(), other.isDouble());
  }

  private static int rows(PlainArray x) {
    return x.elements().length / x.columns();
  }

  @Override
  public PlainArray rowSums(PlainArray rows) {
    double[] sums = new double[rows(rows)];
    for (int i = 0; i < rows.elements().length; i++) {
      sums[i / rows.columns()] += rows.elements()[i];
    }
    return new PlainArray(sums, 1, true);
  }

  @Override
  public PlainArray alongRows(PlainArray column, PlainArray rows) {
    double[] result = new double[rows.elements().length];
    Arrays.setAll(result, i -> column.elements()[i / rows.columns()]);
    return new PlainArray(result, rows.columns(), true);
  }

  @Override
  public PlainArray alongClasses(double[] numbers, PlainArray rows) {
    double[] result = new double[rows.elements().length];
    Arrays.setAll(result, i -> numbers[i % rows.columns()]);
    return new PlainArray(result, rows.columns(), true);
  }

  @Override
  public PlainArray isFirstLargest(PlainArray rows) {
    double[] result = new double[rows.elements().length];
    for (int row = 0; row < rows(rows); row++) {
      int largest = row * rows.columns();
      for (int i = largest; i < (row + 1) * rows.columns(); i++) {
        largest = Double.compare(rows.elements()[i], rows.elements()[largest]) > 0 ? i : largest;
      }
      result[largest] = 1;
    }
    return new PlainArray(result, rows.columns(), true);
  }
}
