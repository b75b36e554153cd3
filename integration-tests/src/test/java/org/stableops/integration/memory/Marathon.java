package org.stableops.integration.memory;

import com.sun.jna.Native;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntToDoubleFunction;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.stableops.FusedPath;
import org.stableops.integration.Call;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.djl.DjlTraining;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.nd4j.Nd4jTraining;
import org.stableops.integration.oracle.Format;

/**
 * The main class of a small JVM that makes many calls or takes many steps, and writes samples of
 * its memory.
 */
final class Marathon {
  /** What runs, and how often. */
  enum Kind {
    DJL_CALLS("DJL", 100_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        try (DjlCalls small = new DjlCalls(Format.FLOAT32, 3, 5);
            DjlCalls medium = new DjlCalls(Format.FLOAT64, 16, 64)) {
          marathon.run(
              calls(small.all(), medium.all()), () -> small.leftBehind() + medium.leftBehind());
        }
      }
    },
    ND4J_CALLS("ND4J", 100_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        marathon.run(
            calls(
                new Nd4jCalls(Format.FLOAT32, 3, 5).all(),
                new Nd4jCalls(Format.FLOAT64, 16, 64).all()),
            Pointer::totalBytes);
      }
    },
    DJL_TRAINER("DJL's Trainer", 10_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        try (DjlTraining training = new DjlTraining(false)) {
          marathon.run(finite(training::step), training::leftBehind);
        }
      }
    },
    FUSED_TRAINER("FusedTrainer", 10_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        try (DjlTraining training = new DjlTraining(true)) {
          marathon.run(finite(training::step), training::leftBehind);
        }
      }
    },
    SAMEDIFF("SameDiff", 10_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        marathon.run(finite(Nd4jTraining.sameDiff()), Pointer::totalBytes);
      }
    },
    DL4J("DL4J", 10_000) {
      @Override
      void run(Marathon marathon) throws IOException, InterruptedException {
        marathon.run(finite(Nd4jTraining.dl4j()), Pointer::totalBytes);
      }
    };

    private final String title;
    private final int count;

    /** So often by {@code -Dstableops.marathon=all}, and by default half as often. */
    Kind(String title, int count) {
      this.title = title;
      this.count = count;
    }

    int count(boolean isWhole) {
      return isWhole ? count : count / 2;
    }

    String title() {
      return title;
    }

    boolean isOfCalls() {
      return this == DJL_CALLS || this == ND4J_CALLS;
    }

    /** Arrays that are still open, and not bytes. */
    boolean countsArrays() {
      return this == DJL_CALLS || this == DJL_TRAINER || this == FUSED_TRAINER;
    }

    abstract void run(Marathon marathon) throws IOException, InterruptedException;
  }

  private static final int SAMPLES = 50;

  /** Before the count, a quarter as many calls are made, so that what is hot is compiled. */
  private static final int COMPILING = 4;

  private final int count;
  private final int leak;
  private final PrintWriter file;

  private Marathon(int count, int leak, PrintWriter file) {
    this.count = count;
    this.leak = leak;
    this.file = file;
  }

  /** Takes the kind, how often, the file for the samples, and how many bytes to leak a call. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Kind kind = Kind.valueOf(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    try (PrintWriter file = Samples.writer(Path.of(arguments[2]))) {
      kind.run(new Marathon(count, Integer.parseInt(arguments[3]), file));
    }
    System.out.println("all " + count);
    // Threads of the hosts may live on.
    System.exit(0);
  }

  private void run(IntConsumer one, LongSupplier live) throws IOException, InterruptedException {
    for (int i = 1; i <= count / COMPILING; i++) {
      one.accept(i);
    }
    Compilation.stop();
    long compiled = Compilation.milliseconds();
    for (int i = 1; i <= count; i++) {
      one.accept(i);
      if (leak > 0) {
        Native.malloc(leak);
      }
      if (i % (count / SAMPLES) == 0) {
        file.println(Samples.line(i, live));
      }
    }
    if (Compilation.milliseconds() != compiled) {
      throw new IllegalStateException("the compiler has not been stopped");
    }
  }

  /** One call after the other, small and medium in turn, an eighth of them on the other path. */
  private static IntConsumer calls(List<Call> small, List<Call> medium) {
    List<Call> all = Stream.concat(small.stream(), medium.stream()).toList();
    return i -> {
      System.setProperty(FusedPath.PROPERTY, Boolean.toString(i % 8 != 0));
      all.get((int) (7919L * i % all.size())).numbers().get();
    };
  }

  private static IntConsumer finite(IntToDoubleFunction step) {
    return i -> {
      double loss = step.applyAsDouble(i);
      if (!Double.isFinite(loss)) {
        throw new IllegalStateException("loss " + loss + " in step " + i);
      }
    };
  }
}
