package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.integration.host.DjlHost;
import org.stableops.integration.host.GumbelSoftmaxHost;
import org.stableops.integration.host.Nd4jHost;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/** Gumbel noise has its distribution, and the same bits wherever it is drawn. */
class GumbelNoiseHostsTest {
  private static final GumbelSoftmaxHost DJL = GumbelSoftmaxHost.ALL.get(0);

  /** That the distance of so many draws to their distribution is larger has probability 0.001. */
  private static final double CRITICAL = 1.95;

  private static double distance(double[] sorted) {
    double distance = 0;
    for (int i = 0; i < sorted.length; i++) {
      double expected = Math.exp(-Math.exp(-sorted[i]));
      distance = Math.max(distance, (i + 1.0) / sorted.length - expected);
      distance = Math.max(distance, expected - (double) i / sorted.length);
    }
    return distance;
  }

  /** The test of Kolmogorov and Smirnov. */
  @Test
  void hasTheGumbelDistribution() {
    int count = 100_000;
    for (long seed : new long[] {0, 1, 42, -7}) {
      double[] noise = DJL.gumbels(seed, Format.FLOAT32, count);
      double mean = Arrays.stream(noise).average().orElseThrow();
      // Euler's constant, and four standard errors.
      assertEquals(0.5772156649, mean, 4 * Math.PI / Math.sqrt(6.0 * count));
      Arrays.sort(noise);
      assertTrue(distance(noise) * Math.sqrt(count) < CRITICAL, () -> "seed " + seed);
    }
  }

  /** Draws of softmax(z) are what it is for. */
  @Test
  void drawsHaveTheProbabilitiesOfTheLogits() {
    int rows = 20_000;
    double[] p = {0.1, 0.6, 0.05, 0.25};
    double[] z = new double[4 * rows];
    Arrays.setAll(z, i -> Math.log(p[i % 4]));
    double[] g = DJL.gumbels(5, Format.FLOAT64, rows, 4);
    double[] hard =
        DJL.compute(new GumbelSoftmaxHost.Problem(z, g, 0.1, z, rows, 4), Format.FLOAT64).hard();
    double[] counts = new double[4];
    for (int i = 0; i < hard.length; i++) {
      counts[i % 4] += hard[i];
    }
    for (int c = 0; c < 4; c++) {
      double deviation = Math.sqrt(rows * p[c] * (1 - p[c]));
      assertEquals(rows * p[c], counts[c], 4 * deviation);
    }
  }

  /** More elements than the hosts draw in one block, too. */
  @Test
  void hasTheSameBitsInBothHostsOnBothPaths() {
    for (int count : new int[] {1, 3, 5_000, (1 << 20) + 1_000}) {
      double[] doubles = DJL.gumbels(9, Format.FLOAT64, count);
      for (GumbelSoftmaxHost host : GumbelSoftmaxHost.ALL) {
        for (Format format : host.formats()) {
          double[] expected = Arrays.stream(doubles).map(x -> rounded(x, format)).toArray();
          for (Path path : Path.values()) {
            double[] noise = path.run(() -> host.gumbels(9, format, count));
            assertArrayEquals(expected, noise, () -> host.name() + " " + format + " " + path);
          }
        }
      }
    }
  }

  /** Half types by way of float32, as all their results. */
  private static double rounded(double x, Format format) {
    return format == Format.FLOAT64 ? x : format.round(Format.FLOAT32.round(x));
  }

  @Test
  void dependsOnTheShapeAloneNotOnTheLayout() {
    double[] expected = DJL.gumbels(3, Format.FLOAT32, 2, 3, 4);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray view = manager.zeros(new Shape(4, 3, 2)).transpose(2, 1, 0);
      NDArray noise = org.stableops.djl.GumbelSoftmax.gumbels(view, 3);
      assertArrayEquals(expected, DjlHost.doubles(noise));
      assertEquals(new Shape(2, 3, 4), noise.getShape());
    }
    INDArray view = Nd4j.zeros(4, 3, 2).permute(2, 1, 0);
    INDArray noise = org.stableops.nd4j.GumbelSoftmax.gumbels(view, 3);
    assertArrayEquals(expected, Nd4jHost.doubles(noise));
    assertArrayEquals(expected, DJL.gumbels(3, Format.FLOAT32, 24));
    assertArrayEquals(new long[] {2, 3, 4}, noise.shape());
  }

  @Test
  void isOfAnyShapeEmptyAndScalarToo() {
    for (GumbelSoftmaxHost host : GumbelSoftmaxHost.ALL) {
      for (Format format : host.formats()) {
        assertArrayEquals(new double[0], host.gumbels(1, format, 0, 3), host.name());
        double first = host.gumbels(1, format, 2)[0];
        assertArrayEquals(new double[] {first}, host.gumbels(1, format, 1, 1), host.name());
      }
    }
    double first = DJL.gumbels(1, Format.FLOAT32, 2)[0];
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray scalar = manager.create(1f);
      assertEquals(first, org.stableops.djl.GumbelSoftmax.gumbels(scalar, 1).getFloat());
    }
    assertEquals(first, org.stableops.nd4j.GumbelSoftmax.gumbels(Nd4j.scalar(1f), 1).getFloat(0));
  }

  @Test
  void belongsToTheManagerOfTheArray() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray like = manager.zeros(new Shape(3), DataType.FLOAT16);
      NDArray noise = org.stableops.djl.GumbelSoftmax.gumbels(like, 1);
      assertEquals(List.of(manager), List.of(noise.getManager()));
      assertEquals(2, manager.getManagedArrays().size());
    }
  }
}
