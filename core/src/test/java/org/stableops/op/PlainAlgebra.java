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
    int columns = Math.max(x.columns(), y.columns());
    double[] result = new double[Math.max(x.elements().length, y.elements().length)];
    Arrays.setAll(result, i -> f.applyAsDouble(at(x, i, columns), at(y, i, columns)));
    return rounded(result, columns, x.isDouble());
  }

  /** An element of rows of so many columns, which is the same in a row for a column. */
  private static double at(PlainArray x, int i, int columns) {
    return x.elements()[x.columns() == columns ? i : i / columns];
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
    return map(x, v -> Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))));
  }

  @Override
  public PlainArray sigmoid(PlainArray x) {
    return map(x, v -> 1 / (1 + Math.exp(-v)));
  }

  @Override
  public PlainArray sign(PlainArray x) {
    return map(x, Math::signum);
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
  public PlainArray atMostOrNaN(PlainArray x, double most) {
    return map(x, v -> v < most ? v : most);
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
    Arrays.setAll(
        result,
        i -> at(condition, i, no.columns()) == 0 ? no.elements()[i] : at(yes, i, no.columns()));
    return new PlainArray(result, no.columns(), no.isDouble());
  }

  @Override
  public PlainArray nanToZero(PlainArray x) {
    return map(x, v -> Double.isNaN(v) ? 0 : v);
  }

  @Override
  public PlainArray constant(double number, PlainArray x) {
    return map(x, v -> number);
  }

  @Override
  public PlainArray onHost(PlainArray x, DoubleUnaryOperator function) {
    return map(x, function);
  }

  @Override
  public PlainArray onHost(PlainArray x, PlainArray y, DoubleBinaryOperator function) {
    return map(x, y, function);
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
    if (x.isDouble() == other.isDouble()) {
      return x;
    }
    return rounded(x.elements().clone(), x.columns(), other.isDouble());
  }

  @Override
  public boolean hasTypeOf(PlainArray other, PlainArray x) {
    return x.isDouble() == other.isDouble();
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
  public PlainArray alongClasses(double[] numbers, PlainArray rows) {
    double[] result = new double[rows.elements().length];
    Arrays.setAll(result, i -> numbers[i % rows.columns()]);
    return new PlainArray(result, rows.columns(), true);
  }

  @Override
  public long classes(PlainArray rows) {
    return rows.columns();
  }

  @Override
  public PlainArray argMax(PlainArray rows) {
    double[] places = new double[rows(rows)];
    for (int row = 0; row < places.length; row++) {
      int first = row * rows.columns();
      int largest = first;
      for (int i = first; i < first + rows.columns(); i++) {
        largest = Double.compare(rows.elements()[i], rows.elements()[largest]) > 0 ? i : largest;
      }
      places[row] = largest - first;
    }
    return new PlainArray(places, 1, true);
  }

  @Override
  public PlainArray at(PlainArray places, PlainArray rows) {
    double[] result = new double[rows(rows)];
    Arrays.setAll(result, row -> rows.elements()[index(places, rows, row)]);
    return new PlainArray(result, 1, rows.isDouble());
  }

  private static int index(PlainArray places, PlainArray rows, int row) {
    return row * rows.columns() + (int) places.elements()[row];
  }

  @Override
  public PlainArray with(PlainArray places, PlainArray column, PlainArray rows) {
    double[] result = rows.elements().clone();
    for (int row = 0; row < rows(rows); row++) {
      result[index(places, rows, row)] = column.elements()[row];
    }
    return new PlainArray(result, rows.columns(), rows.isDouble());
  }

  @Override
  public PlainArray with(PlainArray places, double number, PlainArray rows) {
    return with(places, constant(number, places), rows);
  }

  @Override
  public void free(PlainArray rows) {
    Arrays.fill(rows.elements(), Double.NaN);
  }
}
