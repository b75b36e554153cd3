package org.stableops.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The networks of a host, each of which is checked before it competes. */
final class Networks {
  /** Enough for a wrong gradient of any parameter to be seen in the loss. */
  private static final int STEPS = 3;

  /** Of the loss; a step changes it by a hundred times as much. */
  private static final double TOLERANCE = 2e-5;

  /** Rows of the check, which is not to take long. */
  private static final int ROWS = 8;

  /** Makes a network. */
  interface Maker {
    Network network(NetworkShape shape, NetworkKind kind);
  }

  private Networks() {}

  /** Everybody who competes on a network of this shape. */
  static Map<String, Supplier<Loop>> contestants(NetworkShape shape, Maker maker) {
    Map<String, Supplier<Loop>> all = new LinkedHashMap<>();
    for (NetworkKind kind : NetworkKind.values()) {
      all.put(kind.toString(), () -> checked(shape, kind, maker));
    }
    return all;
  }

  private static Network checked(NetworkShape shape, NetworkKind kind, Maker maker) {
    NetworkShape few = shape.withBatch(Math.min(ROWS, shape.batch()));
    try (Network network = maker.network(few, kind)) {
      check(network, few, kind);
    }
    return maker.network(shape, kind);
  }

  /** Throws unless the network loses as it must, step by step. */
  static void check(Network network, NetworkShape shape, NetworkKind kind) {
    double[] expected = ReferenceNetwork.losses(shape, kind, STEPS);
    float[] actual = new float[STEPS];
    for (int step = 0; step < STEPS; step++) {
      actual[step] = (float) network.loss();
      network.step(new Laps());
    }
    String name = "losses of %s, %s".formatted(shape, kind);
    new Expected(STEPS, step -> expected[step], 1).check(name, actual, TOLERANCE);
  }
}
