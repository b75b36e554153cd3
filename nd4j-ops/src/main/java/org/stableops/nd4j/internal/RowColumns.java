package org.stableops.nd4j.internal;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a block of rows needs of numbers of which each row has one: columns for composites, two
 * elements long at least.
 *
 * @param from the first row
 * @param to the row after the last
 * @param counts what each row of all counts for
 * @param temporaries own the results
 */
record RowColumns(long from, long to, double[] counts, Temporaries temporaries) {
  /** Numbers of these rows as a column of double. */
  INDArray of(double[] ofRows) {
    double[] numbers = Arrays.copyOfRange(ofRows, (int) from, (int) to);
    return column(numbers.length > 1 ? numbers : new double[] {numbers[0], numbers[0]});
  }

  private INDArray column(double[] numbers) {
    return temporaries
        .keep(Nd4j.createFromArray(numbers))
        .reshape('c', new long[] {numbers.length, 1});
  }

  /** The classes of labels as places in these rows; those that do not count may be no classes. */
  INDArray places(long[] labels) {
    int rows = (int) (to - from);
    long[] classes = new long[Math.max(2, rows)];
    Arrays.setAll(
        classes,
        i -> {
          int row = (int) from + Math.min(i, rows - 1);
          return counts[row] == 0 ? 0 : labels[row];
        });
    INDArray array = temporaries.keep(Nd4j.createFromArray(classes));
    return new Nd4jAlgebra(temporaries, true).places(array);
  }

  /** Rows as double, two at least; those that do not count are never read. */
  INDArray wide(INDArray rows) {
    INDArray counted = counted(rows);
    INDArray wide = temporaries.keepUnless(counted, counted.castTo(DataType.DOUBLE));
    return AlongAxis.twice(wide, temporaries);
  }

  /** Rows, and 0 in those that do not count, even for NaN. */
  INDArray counted(INDArray rows) {
    if (Arrays.stream(counts, (int) from, (int) to).allMatch(count -> count != 0)) {
      return rows;
    }
    INDArray copy = temporaries.keep(rows.dup('c'));
    for (long row = from; row < to; row++) {
      if (counts[(int) row] == 0) {
        copy.getRow(row - from).assign(0);
      }
    }
    return copy;
  }
}
