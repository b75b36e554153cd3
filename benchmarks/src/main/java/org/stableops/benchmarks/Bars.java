package org.stableops.benchmarks;

import static org.stableops.benchmarks.Bar.Measure.NATIVE_PEAK;
import static org.stableops.benchmarks.Bar.Measure.SPEEDUP;
import static org.stableops.benchmarks.Bar.Measure.TIME_IN_PEERS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.COPY;
import static org.stableops.benchmarks.ElementwiseProblem.Function.EXP;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;
import static org.stableops.benchmarks.Entry.OURS;
import static org.stableops.benchmarks.LossProblem.Kind.CROSS_ENTROPY;
import static org.stableops.benchmarks.LossProblem.Kind.DL4J_INTEGERS;
import static org.stableops.benchmarks.LossProblem.Kind.DL4J_ONE_HOT;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.stableops.benchmarks.ElementwiseProblem.Function;

/** DESIGN.md's table of performance, which the selection measures and the verdict reads. */
final class Bars {
  /** Of everybody. */
  static final int THREADS = 2;

  private static final double NONE = Double.NaN;
  private static final Size MILLION = Size.power(20);
  private static final Size LARGE = Size.power(24);
  private static final Size TINY = Size.power(4);

  static final List<Bar> ALL = all();

  private Bars() {}

  private static List<Bar> all() {
    List<Bar> bars = new ArrayList<>(elementwise());
    bars.addAll(losses());
    bars.add(tiny(DjlCall.HOST, DjlElementwise.LIBTORCH));
    bars.add(tiny(Nd4jCall.HOST, Nd4jElementwise.ND4J));
    for (Size size : List.of(Size.WIDE, Size.VOCABULARY)) {
      bars.add(memory("gradient", loss(Work.GRADIENT, OURS, size)));
      bars.add(memory("the seeded step", loss(Work.STEP, DjlLosses.FUSED_TRAINER, size)));
    }
    return bars;
  }

  private static List<Bar> elementwise() {
    return List.of(
        faster("squareplus", "libtorch softplus", 2, 3.5, libtorch(SQUAREPLUS)),
        new Bar(
            "squareplus value, " + LARGE,
            "a copy of the array, in its time",
            TIME_IN_PEERS,
            1.5,
            1.5,
            List.of(
                new Comparison(
                    djl(SQUAREPLUS, OURS, LARGE), djl(COPY, DjlElementwise.LIBTORCH, LARGE)))),
        faster("softplus", "libtorch softplus", 0.6, 1, libtorch(SOFTPLUS)),
        faster("softplus", "ND4J softplus", 1.5, 3, nd4j(SOFTPLUS)),
        faster("softplusInverse", "libtorch softplus", 0.4, 0.8, libtorch(SOFTPLUS_INVERSE)),
        faster("softplusInverse", "ND4J softplus", 1, 2.5, nd4j(SOFTPLUS_INVERSE)));
  }

  private static List<Bar> losses() {
    List<Bar> bars = new ArrayList<>();
    for (Size size : List.of(Size.WIDE, Size.VOCABULARY)) {
      String value = "cross-entropy value, " + size;
      bars.add(loss(value, Work.VALUE, OURS, DjlLosses.DJL, 2, 4, size));
      bars.add(loss(value, Work.VALUE, OURS, DjlLosses.LIBTORCH, NONE, 1, size));
    }
    for (Size size : List.of(Size.WIDE, Size.VOCABULARY)) {
      String step = "training step, " + size;
      bars.add(loss(step, Work.STEP, OURS, DjlLosses.DJL, 1.2, 1.5, size));
      String fused = step + ", FusedTrainer";
      bars.add(loss(fused, Work.STEP, DjlLosses.FUSED_TRAINER, DjlLosses.DJL, 1.7, 2.2, size));
      bars.add(loss(fused, Work.STEP, DjlLosses.FUSED_TRAINER, DjlLosses.LIBTORCH, 1, 1.3, size));
    }
    bars.add(dl4j("one-hot labels", DL4J_ONE_HOT, Dl4jLosses.MCXENT, 2.5, 4));
    bars.add(dl4j("integer labels", DL4J_INTEGERS, Dl4jLosses.SPARSE_MCXENT, 3, 5));
    return bars;
  }

  private static Bar faster(
      String op, String against, double plain, double flag, Comparison comparison) {
    return new Bar(
        "%s value, %s".formatted(op, MILLION), against, SPEEDUP, plain, flag, List.of(comparison));
  }

  private static Bar loss(
      String text, Work work, String ours, String peer, double plain, double flag, Size size) {
    String against = peer.equals(DjlLosses.DJL) ? "DJL " + peer : peer;
    Comparison comparison = new Comparison(loss(work, ours, size), loss(work, peer, size));
    return new Bar(text, against, SPEEDUP, plain, flag, List.of(comparison));
  }

  private static Bar dl4j(
      String labels, LossProblem.Kind kind, String peer, double plain, double flag) {
    String work = "DL4J loss and gradient, %s, %s".formatted(labels, Size.WIDE);
    Comparison comparison =
        new Comparison(
            task(kind, Work.STEP, Nd4jCall.HOST, OURS, Size.WIDE),
            task(kind, Work.STEP, Nd4jCall.HOST, peer, Size.WIDE));
    return new Bar(work, peer + " with softmax", SPEEDUP, plain, flag, List.of(comparison));
  }

  private static Bar tiny(String host, String name) {
    Task primitive = task(EXP, Work.VALUE, host, name, TINY);
    List<Comparison> comparisons =
        Stream.of(SQUAREPLUS, SOFTPLUS, SOFTPLUS_INVERSE)
            .map(op -> new Comparison(task(op, Work.VALUE, host, OURS, TINY), primitive))
            .toList();
    return new Bar(
        "an elementwise operator on 16 elements, " + host,
        host + " exp, in its time",
        TIME_IN_PEERS,
        6,
        6,
        comparisons);
  }

  private static Bar memory(String work, Task task) {
    return new Bar(
        "extra memory of %s, %s".formatted(work, task.size()),
        "the logits' size",
        NATIVE_PEAK,
        1.1,
        1.1,
        List.of(new Comparison(task, null)));
  }

  private static Comparison libtorch(Function op) {
    return new Comparison(djl(op, OURS, MILLION), djl(SOFTPLUS, DjlElementwise.LIBTORCH, MILLION));
  }

  private static Comparison nd4j(Function op) {
    return new Comparison(
        task(op, Work.VALUE, Nd4jCall.HOST, OURS, MILLION),
        task(SOFTPLUS, Work.VALUE, Nd4jCall.HOST, Nd4jElementwise.ND4J, MILLION));
  }

  private static Task djl(Function op, String name, Size size) {
    return task(op, Work.VALUE, DjlCall.HOST, name, size);
  }

  private static Task loss(Work work, String name, Size size) {
    return task(CROSS_ENTROPY, work, DjlCall.HOST, name, size);
  }

  private static Task task(
      Problem.Kind<?> problem, Work work, String host, String name, Size size) {
    return new Task(Entry.id(problem, work, host, name), size);
  }
}
