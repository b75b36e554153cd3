package org.stableops.benchmarks;

import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SOFTPLUS_INVERSE;
import static org.stableops.benchmarks.ElementwiseProblem.Function.SQUAREPLUS;
import static org.stableops.benchmarks.LossProblem.Kind.CROSS_ENTROPY;
import static org.stableops.benchmarks.LossProblem.Kind.DL4J_ONE_HOT;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Everything that is measured inside a program of the host. */
final class Courses {
  static final String NETWORK = "network";
  static final String ELEMENTWISE = "elementwise";
  static final String LOSS = "loss";

  /** The name of the host's own operator. */
  static final String HOSTS = "the host's";

  static final String OURS = Entry.OURS;

  static final int LEAST_EXPONENT = 7;
  static final int MOST_EXPONENT = 20;

  /** Powers of two, and between them what a small network's last layer has. */
  static final List<Size> SIZES =
      Stream.concat(
              IntStream.rangeClosed(LEAST_EXPONENT, MOST_EXPONENT).mapToObj(Size::power),
              Stream.of(Size.SMALL))
          .toList();

  /** How much longer ND4J's networks run than DJL's: the steps are slower, and vary by more. */
  private static final double ND4J_TIMES = 2.5;

  static final List<Course> ALL = all();

  private Courses() {}

  /** The course of this name. */
  static Course of(String name) {
    return ALL.stream()
        .filter(course -> course.toString().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no course " + name));
  }

  static Course of(String kind, String host, String size) {
    return of(String.join("/", kind, host, size));
  }

  private static List<Course> all() {
    return Stream.of(
            networks(DjlNetwork.HOST, DjlNetwork::of, 1, Course.Jvms.DJL),
            SIZES.stream().map(Courses::djlElementwise),
            Stream.of(Size.WIDE, Size.VOCABULARY).map(Courses::crossEntropy),
            networks(Dl4jNetwork.HOST, Dl4jNetwork::of, ND4J_TIMES, Course.Jvms.ND4J),
            networks(SameDiffNetwork.HOST, SameDiffNetwork::of, ND4J_TIMES, Course.Jvms.ND4J),
            SIZES.stream().map(Courses::nd4jElementwise),
            Stream.of(dl4jLoss()))
        .flatMap(courses -> courses)
        .toList();
  }

  private static Stream<Course> networks(
      String host, Networks.Maker maker, double times, Course.Jvms jvm) {
    return NetworkShape.ALL.stream()
        .map(
            shape ->
                new Course(
                    NETWORK,
                    host,
                    shape.toString(),
                    Networks.contestants(shape, maker),
                    times * shape.seconds(),
                    jvm));
  }

  private static Course djlElementwise(Size size) {
    return elementwise(
        DjlCall.HOST, DjlElementwise.LIBTORCH, size, Course.Jvms.DJL, BehindProduct::inDjl);
  }

  private static Course nd4jElementwise(Size size) {
    return elementwise(
        Nd4jCall.HOST, Nd4jElementwise.ND4J, size, Course.Jvms.ND4J, BehindProduct::inNd4j);
  }

  private static Course elementwise(
      String host, String peer, Size size, Course.Jvms jvm, Function<Contestant, Loop> behind) {
    Map<String, Supplier<Loop>> runners = new LinkedHashMap<>();
    runners.put(HOSTS, runner(Entry.id(SOFTPLUS, Work.VALUE, host, peer), size, behind));
    for (ElementwiseProblem.Function function : List.of(SQUAREPLUS, SOFTPLUS, SOFTPLUS_INVERSE)) {
      String id = Entry.id(function, Work.VALUE, host, OURS);
      runners.put(function.toString(), runner(id, size, behind));
    }
    return new Course(ELEMENTWISE, host, size.toString(), runners, 0.35, jvm);
  }

  /** With pages that are warm, or they cost libtorch more than its arithmetic. */
  private static Course crossEntropy(Size size) {
    UnaryOperator<String> id = name -> Entry.id(CROSS_ENTROPY, Work.VALUE, DjlCall.HOST, name);
    Map<String, Supplier<Loop>> runners = new LinkedHashMap<>();
    runners.put(HOSTS, runner(id.apply(DjlLosses.LIBTORCH), size, BehindProduct::inDjl));
    runners.put(OURS, runner(id.apply(OURS), size, BehindProduct::inDjl));
    return new Course(
        LOSS, DjlCall.HOST, size.toString(), runners, 1.5, Course.Jvms.DJL_WARM_PAGES);
  }

  /** In a workspace, as layers call it. */
  private static Course dl4jLoss() {
    UnaryOperator<String> id =
        name -> Entry.id(DL4J_ONE_HOT, Work.STEP, Nd4jCall.HOST, name + Nd4jCall.IN_WORKSPACE);
    Map<String, Supplier<Loop>> runners = new LinkedHashMap<>();
    runners.put(HOSTS, runner(id.apply(Dl4jLosses.MCXENT), Size.WIDE, BehindProduct::inNd4j));
    runners.put(OURS, runner(id.apply(OURS), Size.WIDE, BehindProduct::inNd4j));
    return new Course(LOSS, Dl4jNetwork.HOST, Size.WIDE.toString(), runners, 2, Course.Jvms.ND4J);
  }

  private static Supplier<Loop> runner(String id, Size size, Function<Contestant, Loop> behind) {
    return () -> behind.apply(Contestants.of(id).start(size, CallBenchmark.seed()));
  }
}
