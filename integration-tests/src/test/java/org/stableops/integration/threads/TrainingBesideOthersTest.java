package org.stableops.integration.threads;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.djl.DjlTraining;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.nd4j.Nd4jTraining;
import org.stableops.integration.oracle.Format;

/** A training of which every loss has the bits that it has when nobody else computes. */
class TrainingBesideOthersTest {
  private static final int STEPS = 15;

  /** The trainer, and two that call every operator of a host again and again. */
  private static final int THREADS = 3;

  private static DjlCalls djl;
  private static Bits ofDjl;
  private static Bits ofNd4j;

  @BeforeAll
  static void computeAlone() throws Exception {
    djl = new DjlCalls(Format.FLOAT32, 16, 10);
    ofDjl = Bits.alone(djl.all());
    ofNd4j = Bits.alone(new Nd4jCalls(Format.FLOAT32, 16, 10).all());
  }

  @AfterAll
  static void nothingIsLeft() {
    assertEquals(0, djl.leftBehind());
    djl.close();
  }

  private static double[] losses(IntToDoubleFunction step) {
    return IntStream.range(0, STEPS).mapToDouble(step).toArray();
  }

  @FunctionalInterface
  private interface Training {
    double[] losses() throws Exception;
  }

  private static void check(Training training) throws Exception {
    double[] expected = training.losses();
    assertTrue(expected[STEPS - 1] < expected[0], "it learns something");
    AtomicInteger calls = new AtomicInteger();
    double[][] losses = new double[1][];
    Together.run(
        THREADS,
        thread -> {
          if (thread == 0) {
            try {
              losses[0] = training.losses();
            } finally {
              calls.addAndGet(Integer.MIN_VALUE);
            }
          } else {
            Bits bits = thread == 1 ? ofDjl : ofNd4j;
            for (int i = 0; calls.incrementAndGet() > 0; i++) {
              bits.check(i % bits.calls().size());
            }
          }
        });
    assertArrayEquals(expected, losses[0]);
    assertTrue(calls.get() - Integer.MIN_VALUE > STEPS, "others computed meanwhile");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void djl(boolean isFused) throws Exception {
    check(
        () -> {
          try (DjlTraining training = new DjlTraining(isFused)) {
            return losses(training::step);
          }
        });
  }

  @Test
  void dl4j() throws Exception {
    check(() -> losses(Nd4jTraining.dl4j()));
  }

  @Test
  void samediff() throws Exception {
    check(() -> losses(Nd4jTraining.sameDiff()));
  }
}
