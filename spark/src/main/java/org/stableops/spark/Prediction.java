package org.stableops.spark;

import java.util.StringJoiner;

/**
 * A scored digit.
 *
 * @param label what it shows
 * @param outputs of the model, one a class
 */
record Prediction(int label, float[] outputs) {
  /** The label, the class of the largest output, and the outputs, of which no bit is lost. */
  String line() {
    StringJoiner line = new StringJoiner(",").add(label + "," + predicted());
    for (float output : outputs) {
      line.add(Float.toString(output));
    }
    return line.toString();
  }

  private int predicted() {
    int largest = 0;
    for (int i = 1; i < outputs.length; i++) {
      if (outputs[i] > outputs[largest]) {
        largest = i;
      }
    }
    return largest;
  }

  /** Whether a line is of a digit that was recognised. */
  static boolean isRight(String line) {
    String[] columns = line.split(",", 3);
    return columns[0].equals(columns[1]);
  }
}
