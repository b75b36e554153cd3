package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.stableops.integration.Refusals.assertRefused;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.stableops.CrossEntropyOptions;
import org.stableops.LinearCrossEntropyDirection;
import org.stableops.LinearCrossEntropyGradients;
import org.stableops.Reduction;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.nd4j.LinearCrossEntropy;

/** The linear cross-entropy of arrays of any layout, what it leaves, and its errors. */
class Nd4jLinearCrossEntropyTest {
  private static final int TOKENS = 5;
  private static final int DIMENSION = 3;
  private static final int CLASSES = 4;
  private static final CrossEntropyOptions MEAN = CrossEntropyOptions.DEFAULT;
  private static final List<DataType> FLOATS =
      List.of(DataType.FLOAT16, DataType.BFLOAT16, DataType.FLOAT, DataType.DOUBLE);

  private INDArray hidden = waves(1, TOKENS, DIMENSION);
  private INDArray weight = waves(2, CLASSES, DIMENSION);
  private INDArray bias = waves(3, CLASSES);
  private INDArray labels = Nd4j.createFromArray(3L, -1L, 0L, 1L, 3L);
  private INDArray sampleWeights = Nd4j.createFromArray(1, 1, 0.5, 0, 2);

  private static INDArray waves(int seed, long... shape) {
    INDArray waves = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < waves.length(); i++) {
      waves.putScalar(i, 3 * Math.sin(1.7 * i + seed));
    }
    return waves;
  }

  private static CrossEntropyOptions every(Reduction reduction) {
    return MEAN.withReduction(reduction)
        .withIgnoreIndex(-1)
        .withLabelSmoothing(0.1)
        .withZLoss(0.05)
        .withClassWeights(1, 2, 0.5, 0.25);
  }

  private LinearCrossEntropyGradients<INDArray> both(CrossEntropyOptions options) {
    return LinearCrossEntropy.valueAndGradients(
        hidden, weight, bias, labels, sampleWeights, options);
  }

  /** Along waves to all three. */
  private LinearCrossEntropyDirection<INDArray> product(CrossEntropyOptions options) {
    return along(direction(), options);
  }

  private LinearCrossEntropyDirection<INDArray> along(
      LinearCrossEntropyDirection<INDArray> v, CrossEntropyOptions options) {
    return LinearCrossEntropy.gaussNewtonProduct(
        hidden, weight, bias, labels, sampleWeights, v, options);
  }

  private LinearCrossEntropyDirection<INDArray> direction() {
    DataType type = hidden.dataType();
    return parts(
        waves(4, hidden.shape()).castTo(type),
        waves(5, weight.shape()).castTo(type),
        waves(6, bias.shape()).castTo(type));
  }

  private static LinearCrossEntropyDirection<INDArray> parts(INDArray h, INDArray w, INDArray b) {
    return new LinearCrossEntropyDirection<>(h, w, b);
  }

  private static void assertSame(
      LinearCrossEntropyGradients<INDArray> expected,
      LinearCrossEntropyGradients<INDArray> actual) {
    assertArrayEquals(Nd4jHost.doubles(expected.loss()), Nd4jHost.doubles(actual.loss()), 1e-14);
    assertSameParts(expected.direction(), actual.direction());
  }

  private static void assertSameParts(
      LinearCrossEntropyDirection<INDArray> expected,
      LinearCrossEntropyDirection<INDArray> actual) {
    assertClose(expected.hidden(), actual.hidden());
    assertClose(expected.weight(), actual.weight());
    assertClose(expected.bias(), actual.bias());
  }

  private static void assertClose(INDArray expected, INDArray actual) {
    assertArrayEquals(expected.shape(), actual.shape());
    assertArrayEquals(Nd4jHost.doubles(expected), Nd4jHost.doubles(actual), 1e-14);
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void anyLayoutHasTheSameResults(Path path) {
    path.run(
        () -> {
          for (Reduction reduction : Reduction.values()) {
            Nd4jLinearCrossEntropyTest other = new Nd4jLinearCrossEntropyTest();
            LinearCrossEntropyGradients<INDArray> expected = both(every(reduction));
            LinearCrossEntropyDirection<INDArray> product = product(every(reduction));
            INDArray rows = Nd4j.concat(1, hidden, hidden);
            other.hidden = rows.get(NDArrayIndex.all(), NDArrayIndex.interval(3, 6));
            other.weight = weight.dup('f');
            other.bias = Nd4j.concat(0, bias, bias).reshape(2, CLASSES).transpose().getColumn(1);
            other.labels = labels.castTo(DataType.INT32).reshape(TOKENS, 1);
            other.sampleWeights = sampleWeights.castTo(DataType.FLOAT).reshape(TOKENS, 1);
            assertSame(expected, other.both(every(reduction)));
            other.hidden = hidden.dup('f');
            other.weight = weight.transpose().dup('c').transpose();
            assertSame(expected, other.both(every(reduction)));
            LinearCrossEntropyDirection<INDArray> v = direction();
            LinearCrossEntropyDirection<INDArray> laidOut =
                parts(
                    v.hidden().dup('f'),
                    Nd4j.concat(1, v.weight(), v.weight())
                        .get(NDArrayIndex.all(), NDArrayIndex.interval(3, 6)),
                    Nd4j.concat(0, v.bias(), v.bias())
                        .reshape(2, CLASSES)
                        .transpose()
                        .getColumn(1));
            assertSameParts(product, other.along(laidOut, every(reduction)));
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void resultsHaveTheShapesAndDtypeOfTheArgumentsWhichStay(Path path) {
    path.run(
        () -> {
          for (DataType type : FLOATS) {
            hidden = hidden.castTo(type);
            weight = weight.castTo(type);
            bias = bias.castTo(type);
            List<double[]> before = numbers();
            for (Reduction reduction : Reduction.values()) {
              LinearCrossEntropyGradients<INDArray> all = both(every(reduction));
              boolean isNone = reduction == Reduction.NONE;
              assertArrayEquals(isNone ? new long[] {TOKENS} : new long[0], all.loss().shape());
              assertArrayEquals(hidden.shape(), all.hidden().shape());
              assertArrayEquals(weight.shape(), all.weight().shape());
              assertArrayEquals(bias.shape(), all.bias().shape());
              for (INDArray result : List.of(all.loss(), all.hidden(), all.weight(), all.bias())) {
                assertEquals(type, result.dataType());
                assertTrue(result.closeable());
                result.close();
              }
              LinearCrossEntropyDirection<INDArray> v = direction();
              double[] ofWeight = Nd4jHost.doubles(v.weight());
              LinearCrossEntropyDirection<INDArray> product = along(v, every(reduction));
              assertArrayEquals(hidden.shape(), product.hidden().shape());
              assertArrayEquals(weight.shape(), product.weight().shape());
              assertArrayEquals(bias.shape(), product.bias().shape());
              for (INDArray part : List.of(product.hidden(), product.weight(), product.bias())) {
                assertEquals(type, part.dataType());
                assertTrue(part.closeable());
              }
              product.close();
              assertArrayEquals(ofWeight, Nd4jHost.doubles(v.weight()));
            }
            assertArrayEquals(before.toArray(), numbers().toArray());
          }
          assertNull(
              LinearCrossEntropy.valueAndGradients(hidden, weight, labels.mul(labels).muli(0))
                  .bias());
          return null;
        });
  }

  private List<double[]> numbers() {
    return List.of(
        Nd4jHost.doubles(hidden),
        Nd4jHost.doubles(weight),
        Nd4jHost.doubles(bias),
        Nd4jHost.doubles(labels),
        Nd4jHost.doubles(sampleWeights));
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void noTokensAreNoLoss(Path path) {
    path.run(
        () -> {
          for (Reduction reduction : Reduction.values()) {
            LinearCrossEntropyGradients<INDArray> all =
                LinearCrossEntropy.valueAndGradients(
                    Nd4j.create(DataType.DOUBLE, 0, DIMENSION),
                    weight,
                    bias,
                    Nd4j.create(DataType.INT64, 0),
                    null,
                    MEAN.withReduction(reduction));
            assertEquals(reduction == Reduction.NONE ? 0 : 1, all.loss().length());
            assertArrayEquals(new long[] {0, DIMENSION}, all.hidden().shape());
            assertArrayEquals(new double[CLASSES * DIMENSION], Nd4jHost.doubles(all.weight()));
            assertArrayEquals(new double[CLASSES], Nd4jHost.doubles(all.bias()));
            LinearCrossEntropyDirection<INDArray> product =
                LinearCrossEntropy.gaussNewtonProduct(
                    Nd4j.create(DataType.DOUBLE, 0, DIMENSION),
                    weight,
                    bias,
                    Nd4j.create(DataType.INT64, 0),
                    null,
                    parts(null, weight, bias),
                    MEAN.withReduction(reduction));
            assertArrayEquals(new long[] {0, DIMENSION}, product.hidden().shape());
            assertArrayEquals(new double[CLASSES * DIMENSION], Nd4jHost.doubles(product.weight()));
            assertArrayEquals(new double[CLASSES], Nd4jHost.doubles(product.bias()));
            if (reduction != Reduction.NONE) {
              assertEquals(0, all.loss().getDouble(0));
            }
          }
          return null;
        });
  }

  /** As results of the host's: in the workspace that is open. */
  @ParameterizedTest
  @EnumSource(Path.class)
  void resultsAreMadeInTheOpenWorkspace(Path path) {
    path.run(
        () -> {
          LinearCrossEntropyGradients<INDArray> expected = both(every(Reduction.MEAN));
          LinearCrossEntropyDirection<INDArray> product = product(every(Reduction.MEAN));
          WorkspaceConfiguration configuration =
              WorkspaceConfiguration.builder().initialSize(1 << 20).build();
          for (int i = 0; i < 3; i++) {
            try (MemoryWorkspace workspace =
                Nd4j.getWorkspaceManager()
                    .getAndActivateWorkspace(configuration, "LinearCrossEntropy")) {
              LinearCrossEntropyGradients<INDArray> all = both(every(Reduction.MEAN));
              assertTrue(all.weight().isAttached(), workspace::getId);
              assertSame(expected, all);
              LinearCrossEntropyDirection<INDArray> again = product(every(Reduction.MEAN));
              assertTrue(again.weight().isAttached(), workspace::getId);
              assertSameParts(product, again);
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void nothingStaysOpenButTheResults(Path path) {
    path.run(
        () -> {
          LinearCrossEntropyDirection<INDArray> v = direction();
          try (Allocations allocations = new Allocations()) {
            for (Reduction reduction : Reduction.values()) {
              allocations.allow(Integer.MAX_VALUE);
              LinearCrossEntropyGradients<INDArray> all = both(every(reduction));
              List<INDArray> results =
                  new ArrayList<>(
                      List.of(
                          all.loss(),
                          all.hidden(),
                          all.weight(),
                          all.bias(),
                          LinearCrossEntropy.value(
                              hidden, weight, bias, labels, sampleWeights, every(reduction))));
              results.forEach(INDArray::close);
              assertEquals(List.of(), allocations.open(), reduction.name());
              along(v, every(reduction)).close();
              assertEquals(List.of(), allocations.open(), "product, " + reduction);
              assertThrows(
                  IllegalArgumentException.class,
                  () -> LinearCrossEntropy.valueAndGradients(hidden, weight, labels));
              assertThrows(
                  IllegalArgumentException.class,
                  () -> along(parts(weight, null, null), every(reduction)));
              assertEquals(List.of(), allocations.open(), "of an error");
            }
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void errorsSayWhatIsWrong(Path path) {
    INDArray floats = weight.castTo(DataType.FLOAT);
    path.run(
        () -> {
          assertRefused(
              "weight dtype must be hidden's, DOUBLE, got FLOAT",
              () -> LinearCrossEntropy.value(hidden, floats, labels));
          assertRefused(
              "bias dtype must be hidden's, DOUBLE, got FLOAT",
              () -> LinearCrossEntropy.value(hidden, weight, floats, labels, null, MEAN));
          assertRefused(
              "weight must have shape (V, 3) for hidden of shape (5, 3), got (4)",
              () -> LinearCrossEntropy.value(hidden, bias, labels));
          assertRefused(
              "bias must have shape (4) for weight of shape (4, 3), got (4, 3)",
              () -> LinearCrossEntropy.value(hidden, weight, weight, labels, null, MEAN));
          assertRefused(
              "labels shape (4) must equal logits shape (5, 4) without axis 1",
              () ->
                  LinearCrossEntropy.valueAndGradients(
                      hidden, weight, labels.get(NDArrayIndex.interval(0, 4))));
          assertRefused(
              "labels must be in [0, 4), got -1 at row 1",
              () -> LinearCrossEntropy.valueAndGradients(hidden, weight, labels));
          assertRefused(
              "axis must be -1 or 1, for the logits are (N, V), got 0",
              () -> LinearCrossEntropy.value(hidden, weight, labels, MEAN.withAxis(0)));
          assertRefused(
              "sampleWeights must be finite and >= 0, got -0.5 at row 0; for signed weights, such"
                  + " as advantages, multiply the losses of Reduction.NONE by them",
              () ->
                  LinearCrossEntropy.value(
                      hidden, weight, null, labels, sampleWeights.sub(1.5), MEAN));
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void errorsOfADirectionSayWhatIsWrong(Path path) {
    INDArray floats = weight.castTo(DataType.FLOAT);
    INDArray zeros = Nd4j.zeros(DataType.INT64, TOKENS);
    path.run(
        () -> {
          assertRefused(
              "v must be given, got null",
              () -> LinearCrossEntropy.gaussNewtonProduct(hidden, weight, zeros, null));
          assertRefused(
              "v.hidden must be like hidden, DOUBLE (5, 3), got DOUBLE (4, 3)",
              () -> along(parts(weight, weight, null), every(Reduction.SUM)));
          assertRefused(
              "v.weight must be like weight, DOUBLE (4, 3), got FLOAT (4, 3)",
              () -> along(parts(null, floats, null), every(Reduction.SUM)));
          assertRefused(
              "v.weight dtype must be half, bfloat16, float or double, got LONG",
              () -> along(parts(null, labels, null), every(Reduction.SUM)));
          assertRefused(
              "v.bias must be like bias, DOUBLE (4), got DOUBLE (4, 3)",
              () -> along(parts(hidden, weight, weight), every(Reduction.SUM)));
          assertRefused(
              "v.bias must be null without a bias, got an array of shape (4)",
              () ->
                  LinearCrossEntropy.gaussNewtonProduct(
                      hidden, weight, zeros, parts(hidden, weight, bias)));
          return null;
        });
  }
}
