package org.stableops.internal;

import java.util.Arrays;
import org.stableops.CrossEntropyOptions;

/**
 * The shape of an array that a softmax is taken of, seen as rows of classes: {@code outer × classes
 * × inner}, row {@code o·inner + i}. The checks of shapes, axes and labels live here, so that both
 * hosts say the same.
 */
public final class SoftmaxShape {
  /** The bits of a double's significand. */
  private static final int DOUBLE_DIGITS = 53;

  private final long[] logits;
  private final int axis;
  private final long rows;

  private SoftmaxShape(long[] logits, int axis, long rows) {
    this.logits = logits;
    this.axis = axis;
    this.rows = rows;
  }

  /**
   * Reads the shape of logits.
   *
   * @param logits the shape, of rank 1 at least
   * @param options the class axis, and class weights to fit it
   * @return the shape as rows of classes
   * @throws IllegalArgumentException if the options are null, the rank is 0, the axis is out of
   *     range, there are rows without a class, or the number of class weights is not that of the
   *     classes
   */
  public static SoftmaxShape of(long[] logits, CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    SoftmaxShape shape = of("logits", logits, options.axis());
    int weights = options.classWeights().length;
    if (weights > 0 && weights != shape.classes()) {
      throw new IllegalArgumentException(
          "classWeights must have one weight for each of %d classes, got %d"
              .formatted(shape.classes(), weights));
    }
    return shape;
  }

  /**
   * Reads the shape of an array as rows along an axis.
   *
   * @param name that of the array, for messages
   * @param array the shape, of rank 1 at least
   * @param axis the axis of the rows; negative counts from the end
   * @return the shape as rows
   * @throws IllegalArgumentException if the rank is 0, the axis is out of range, or there are rows
   *     without an element
   */
  public static SoftmaxShape of(String name, long[] array, int axis) {
    int rank = array.length;
    if (rank == 0) {
      throw new IllegalArgumentException(name + " must have rank 1 at least, got a scalar");
    }
    if (axis < -rank || axis >= rank) {
      throw new IllegalArgumentException(
          "axis must be in [%d, %d) for %s of shape %s, got %d"
              .formatted(-rank, rank, name, Shapes.text(array), axis));
    }
    int positive = axis < 0 ? axis + rank : axis;
    SoftmaxShape shape =
        new SoftmaxShape(array.clone(), positive, Shapes.size(without(array, positive)));
    if (shape.classes() == 0 && shape.rows > 0) {
      throw new IllegalArgumentException(
          "%s must have an element along axis %d, got shape %s"
              .formatted(name, positive, Shapes.text(array)));
    }
    return shape;
  }

  /**
   * Checks that the loss of a network has something to learn: the softmax of a single logit is 1.
   *
   * @throws IllegalArgumentException if there is one class
   */
  public void requireSeveralClasses() {
    if (classes() == 1) {
      throw new IllegalArgumentException(
          ("logits must have at least 2 classes along axis %d, got shape %s: the softmax of one"
                  + " logit is always 1; a single output for yes or no needs"
                  + " SigmoidCrossEntropy")
              .formatted(axis, Shapes.text(logits)));
    }
  }

  /**
   * Returns the class axis.
   *
   * @return the axis, not negative
   */
  public int axis() {
    return axis;
  }

  /**
   * Returns the number of classes.
   *
   * @return the size of the class axis
   */
  public long classes() {
    return logits[axis];
  }

  /**
   * Returns the number of rows.
   *
   * @return the product of the other sizes
   */
  public long rows() {
    return rows;
  }

  /**
   * Returns the shape of the rows.
   *
   * @return the logits' shape without the class axis: that of labels and of losses
   */
  public long[] rowShape() {
    return without(logits, axis);
  }

  /**
   * Returns the shape of the rows as one that broadcasts against the logits.
   *
   * @return the logits' shape with 1 at the class axis
   */
  public long[] withOne() {
    long[] shape = logits.clone();
    shape[axis] = 1;
    return shape;
  }

  /**
   * Returns the logits' shape with the class axis moved to the end.
   *
   * @return the shape of contiguous rows
   */
  public long[] classesLast() {
    long[] shape = Arrays.copyOf(rowShape(), logits.length);
    shape[logits.length - 1] = classes();
    return shape;
  }

  /**
   * Tells whether the class axis is the last.
   *
   * @return whether the axes need no other order
   */
  public boolean hasClassesLast() {
    return axis == logits.length - 1;
  }

  /**
   * Returns the order of axes that moves the class axis to the end.
   *
   * @return a permutation of the logits' axes
   */
  public int[] toClassesLast() {
    int[] order = new int[logits.length];
    for (int i = 0; i < order.length - 1; i++) {
      order[i] = i < axis ? i : i + 1;
    }
    order[order.length - 1] = axis;
    return order;
  }

  /**
   * Returns the order of axes that moves the last axis back to the class axis.
   *
   * @return the inverse of {@link #toClassesLast}
   */
  public int[] fromClassesLast() {
    int[] order = new int[logits.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i < axis ? i : i == axis ? order.length - 1 : i - 1;
    }
    return order;
  }

  /**
   * Checks the shape of integer labels.
   *
   * @param labels the labels' shape: the logits' without the class axis, or with 1 there
   * @throws IllegalArgumentException if it is another
   */
  public void requireLabels(long[] labels) {
    if (Arrays.equals(labels, logits) && labels[axis] != 1) {
      throw new IllegalArgumentException(
          ("labels shape %s must equal logits shape %s without axis %d: "
                  + "one-hot labels are for the loss of class probabilities")
              .formatted(Shapes.text(labels), Shapes.text(logits), axis));
    }
    requireRows("labels", labels);
  }

  private void requireRows(String name, long[] shape) {
    if (!Arrays.equals(shape, rowShape()) && !Arrays.equals(shape, withOne())) {
      throw new IllegalArgumentException(
          "%s shape %s must equal logits shape %s without axis %d"
              .formatted(name, Shapes.text(shape), Shapes.text(logits), axis));
    }
  }

  /**
   * Checks the shape of class probabilities, and that no integer label is ignored.
   *
   * @param labels the labels' shape: the logits'
   * @param options the options of the call
   * @throws IllegalArgumentException if the shape is another, or the options have an ignoreIndex
   */
  public void requireProbabilities(long[] labels, CrossEntropyOptions options) {
    requireNoIgnoreIndex(options);
    requireSameShape("labels", labels);
  }

  /**
   * Checks that an array has the shape of the logits.
   *
   * @param name that of the array, for messages
   * @param array its shape
   * @throws IllegalArgumentException if it is another
   */
  public void requireSameShape(String name, long[] array) {
    if (!Arrays.equals(array, logits)) {
      throw new IllegalArgumentException(
          "%s shape %s must equal logits shape %s"
              .formatted(name, Shapes.text(array), Shapes.text(logits)));
    }
  }

  /**
   * Checks that options are such as class probabilities can have.
   *
   * @param options the options of the call
   * @throws IllegalArgumentException if the options are null or have an ignoreIndex
   */
  public static void requireNoIgnoreIndex(CrossEntropyOptions options) {
    Arguments.requireGiven("options", options);
    if (options.ignoreIndex().isPresent()) {
      throw new IllegalArgumentException(
          "ignoreIndex applies to integer labels, got class probabilities and " + options);
    }
  }

  /**
   * Checks integer labels.
   *
   * @param labels one label per row
   * @param sampleWeights one weight per row, or null for 1 everywhere; a row of weight 0 is not
   *     read
   * @param options which label is ignored
   * @throws IllegalArgumentException if a label is neither a class nor ignored
   */
  public void requireClasses(long[] labels, double[] sampleWeights, CrossEntropyOptions options) {
    long classes = classes();
    for (int row = 0; row < labels.length; row++) {
      long label = labels[row];
      boolean counts = sampleWeights == null || sampleWeights[row] != 0;
      if (counts && (label < 0 || label >= classes) && !options.ignores(label)) {
        String ignored =
            options.ignoreIndex().isPresent()
                ? " or equal ignoreIndex " + options.ignoreIndex().getAsLong()
                : "";
        throw new IllegalArgumentException(
            "labels must be in [0, %d)%s, got %d at row %d"
                .formatted(classes, ignored, label, row));
      }
    }
  }

  /**
   * Checks integer labels in doubles, in which every class is exact, and converts them.
   *
   * @param labels one label per row
   * @param sampleWeights one weight per row, or null for 1 everywhere; a row of weight 0 is not
   *     read
   * @return the labels, 0 where the weight is 0
   * @throws IllegalArgumentException if a label is no integer
   */
  public long[] integers(double[] labels, double[] sampleWeights) {
    return integers(labels, sampleWeights, DOUBLE_DIGITS);
  }

  /**
   * Checks integer labels in floating numbers and converts them.
   *
   * @param labels one label per row
   * @param sampleWeights one weight per row, or null for 1 everywhere; a row of weight 0 is not
   *     read
   * @param digits the bits of the numbers' significand
   * @return the labels, 0 where the weight is 0
   * @throws IllegalArgumentException if a label is no integer, or the numbers have not the digits
   *     for all classes
   */
  public long[] integers(double[] labels, double[] sampleWeights, int digits) {
    if (classes() - 1 > 1L << digits) {
      throw new IllegalArgumentException(
          ("labels of %d bits are exact up to %d only, got %d classes: "
                  + "use an integer dtype or probabilities")
              .formatted(digits, 1L << digits, classes()));
    }
    long[] integers = new long[labels.length];
    for (int row = 0; row < labels.length; row++) {
      if (sampleWeights == null || sampleWeights[row] != 0) {
        integers[row] = (long) labels[row];
        if (integers[row] != labels[row]) {
          throw new IllegalArgumentException(
              "labels must be integers, got %s at row %d".formatted(labels[row], row));
        }
      }
    }
    return integers;
  }

  /**
   * Checks the shape of sample weights.
   *
   * @param weights the weights' shape: the logits' without the class axis, or with 1 there
   * @throws IllegalArgumentException if it is another
   */
  public void requireSampleWeights(long[] weights) {
    requireRows("sampleWeights", weights);
  }

  /**
   * Checks the shape of a mask of DL4J's, which may be that of a column or of time series.
   *
   * @param mask the mask's shape
   * @throws IllegalArgumentException if it has not one element per row
   */
  public void requireMask(long[] mask) {
    if (Shapes.size(mask) != rows) {
      throw new IllegalArgumentException(
          "mask must have one element per row, %d, got shape %s"
              .formatted(rows, Shapes.text(mask)));
    }
  }

  /**
   * Checks a mask of DL4J's.
   *
   * @param mask one number per row or per element
   * @throws IllegalArgumentException if one is neither 0 nor 1
   */
  public static void requireZerosAndOnes(double[] mask) {
    for (int row = 0; row < mask.length; row++) {
      if (mask[row] != 0 && mask[row] != 1) {
        throw new IllegalArgumentException(
            "mask must be 0 or 1, for DL4J multiplies the outputs by it, got %s at row %d"
                .formatted(mask[row], row));
      }
    }
  }

  /**
   * Checks sample weights.
   *
   * @param weights one weight per row
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public void requireSampleWeights(double[] weights) {
    for (int row = 0; row < weights.length; row++) {
      if (!(weights[row] >= 0 && weights[row] < Double.POSITIVE_INFINITY)) {
        String signed =
            weights[row] < 0
                ? "; for signed weights, such as advantages, multiply the losses of Reduction.NONE"
                    + " by them"
                : "";
        throw new IllegalArgumentException(
            "sampleWeights must be finite and >= 0, got %s at row %d%s"
                .formatted(weights[row], row, signed));
      }
    }
  }

  /**
   * Returns what the rows weigh.
   *
   * @param labels one integer label per row, or null where there are class probabilities
   * @param sampleWeights one weight per row, or null for 1 everywhere
   * @param options which label is ignored
   * @return the sample weights, and 0 where a row is ignored
   */
  public double[] rowWeights(long[] labels, double[] sampleWeights, CrossEntropyOptions options) {
    double[] weights = new double[Math.toIntExact(rows)];
    for (int row = 0; row < weights.length; row++) {
      boolean ignored = labels != null && options.ignores(labels[row]);
      weights[row] = ignored ? 0 : sampleWeights == null ? 1 : sampleWeights[row];
    }
    return weights;
  }

  /**
   * Returns the class weights of labels.
   *
   * @param labels one integer label per row
   * @param rowWeights those of {@link #rowWeights}, or null for 1 everywhere
   * @param options the class weights
   * @return one number per row, 0 where the row weighs nothing
   */
  public static double[] labelWeights(
      long[] labels, double[] rowWeights, CrossEntropyOptions options) {
    double[] classWeights = options.classWeights();
    double[] weights = new double[labels.length];
    for (int row = 0; row < weights.length; row++) {
      boolean counts = rowWeights == null || rowWeights[row] != 0;
      weights[row] = !counts ? 0 : classWeights.length == 0 ? 1 : classWeights[(int) labels[row]];
    }
    return weights;
  }

  /**
   * Checks class probabilities of some rows.
   *
   * @param probabilities rows × classes numbers
   * @param from the first of these rows
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public void requireProbabilityValues(double[] probabilities, long from) {
    for (int i = 0; i < probabilities.length; i++) {
      requireProbability(probabilities[i], from + i / classes(), i % classes());
    }
  }

  /**
   * Checks one class probability.
   *
   * @param probability the probability
   * @param row its row
   * @param label its class
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public static void requireProbability(double probability, long row, long label) {
    if (!isProbability(probability)) {
      throw new IllegalArgumentException(
          "labels must be finite and >= 0, got %s at row %d, class %d"
              .formatted(probability, row, label));
    }
  }

  /**
   * Tells whether a number can be a class probability.
   *
   * @param probability any number
   * @return whether it is finite and not negative
   */
  public static boolean isProbability(double probability) {
    return probability >= 0 && probability < Double.POSITIVE_INFINITY;
  }

  private static long[] without(long[] shape, int axis) {
    long[] rest = new long[shape.length - 1];
    System.arraycopy(shape, 0, rest, 0, axis);
    System.arraycopy(shape, axis + 1, rest, axis, rest.length - axis);
    return rest;
  }
}
