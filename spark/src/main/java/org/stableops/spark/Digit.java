package org.stableops.spark;

import java.io.Serializable;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A handwritten digit, a line of the data set: 64 pixels from 0 to 16, then what it shows.
 *
 * @param pixels from 0 to 1
 * @param label from 0 to 9
 */
record Digit(float[] pixels, int label) implements Serializable {
  private static final long serialVersionUID = 1;

  static final int PIXELS = 64;
  static final int CLASSES = 10;
  private static final float WHITE = 16;
  private static final Pattern COMMA = Pattern.compile(",");

  static Digit parse(String line) {
    String[] columns = COMMA.split(line, -1);
    if (columns.length != PIXELS + 1) {
      throw invalid("%d columns".formatted(PIXELS + 1), columns.length + " columns", line, null);
    }
    try {
      float[] pixels = new float[PIXELS];
      for (int i = 0; i < PIXELS; i++) {
        pixels[i] = Float.parseFloat(columns[i]) / WHITE;
      }
      return new Digit(pixels, label(columns[PIXELS], line));
    } catch (NumberFormatException e) {
      throw invalid("numbers", e.getMessage(), line, e);
    }
  }

  private static int label(String column, String line) {
    int label = Integer.parseInt(column);
    if (label < 0 || label >= CLASSES) {
      throw invalid("a label from 0 to 9 at its end", String.valueOf(label), line, null);
    }
    return label;
  }

  private static IllegalArgumentException invalid(
      String expected, String found, String line, Exception cause) {
    return new IllegalArgumentException(
        "a line of digits must have %s, got %s in '%s'".formatted(expected, found, line), cause);
  }

  /** A data set of this one. */
  DataSet dataSet() {
    INDArray features = Nd4j.createFromArray(new float[][] {pixels});
    INDArray labels = Nd4j.zeros(DataType.FLOAT, 1, CLASSES).putScalar(0, label, 1);
    return new DataSet(features, labels);
  }
}
