package org.stableops.integration.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.stableops.CrossEntropyOptions;
import org.stableops.Reduction;
import org.stableops.kernel.FusedPath;

/**
 * The main class of a JVM with a heap of fixed size that repeats every operator and prints by how
 * many kB the process grew. One array of 16 kB lost a step would be 16 MB.
 */
final class MemoryGrowth {
  private static final int WARM_UP = 200;
  private static final int STEPS = 1000;
  private static final Shape SHAPE = new Shape(64, 64);

  private MemoryGrowth() {}

  /** Takes what to run, {@code steps} or {@code errors}, and whether fused. */
  public static void main(String[] arguments) throws IOException {
    System.setProperty(FusedPath.PROPERTY, arguments[1]);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = Djl.waves(manager, DataType.FLOAT32, SHAPE, 1);
      NDArray labels = CrossEntropyKind.SPARSE.labels(manager, SHAPE, -1);
      NDArray masses = CrossEntropyKind.DENSE.labels(manager, SHAPE, -1);
      NDArray badMasses = masses.duplicate();
      badMasses.set(new NDIndex("63, 63"), -1);
      int arrays = manager.getManagedArrays().size();
      long before = 0;
      for (int i = 0; i < WARM_UP + STEPS; i++) {
        if (i % 50 == 0) {
          // Buffers that Java has let go of are freed by a collection only.
          System.gc();
        }
        if (i == WARM_UP) {
          before = residentKilobytes();
        }
        switch (arguments[0]) {
          case "steps" -> step(i, x, labels, masses);
          case "errors" -> error(i, x, badMasses);
          default -> throw new IllegalArgumentException(arguments[0]);
        }
        int now = manager.getManagedArrays().size();
        if (now != arrays) {
          throw new IllegalStateException(now - arrays + " arrays more after step " + i);
        }
      }
      System.out.println("grown by kB: " + (residentKilobytes() - before));
    }
  }

  /** All of it with a gradient, in a sub-manager as a Trainer's batches are. */
  private static void step(int i, NDArray x, NDArray labels, NDArray masses) {
    CrossEntropyOptions options =
        CrossEntropyOptions.DEFAULT.withReduction(Reduction.values()[i % 3]);
    try (NDManager batch = x.getManager().newSubManager()) {
      NDArray leaf = x.duplicate();
      leaf.attach(batch);
      // Not contiguous on every second step.
      NDArray input = i % 2 == 0 ? leaf : leaf.transpose();
      for (Elementwise op : Elementwise.values()) {
        Djl.gradientArray(input, op::value);
        op.gradient(input);
      }
      Djl.gradientArray(input, z -> CrossEntropyKind.SPARSE.value(z, labels, options));
      CrossEntropyKind.SPARSE.both(input, labels, options);
      try (NDArray own = masses.duplicate()) {
        own.attach(batch);
        Djl.gradientArray(input, z -> CrossEntropyKind.DENSE.value(z, own, options));
      }
    }
  }

  /** The last mass is the bad one: everything else has been done when it is found. */
  private static void error(int i, NDArray x, NDArray badMasses) {
    NDArray leaf = x;
    leaf.setRequiresGradient(true);
    boolean thrown = false;
    try {
      if (i % 2 == 0) {
        CrossEntropyKind.DENSE.value(leaf, badMasses, CrossEntropyOptions.DEFAULT);
      } else {
        CrossEntropyKind.DENSE.both(leaf, badMasses, CrossEntropyOptions.DEFAULT);
      }
    } catch (IllegalArgumentException expected) {
      thrown = true;
    }
    if (!thrown) {
      throw new IllegalStateException("a negative mass was taken");
    }
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
