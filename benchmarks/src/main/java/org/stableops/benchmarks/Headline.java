package org.stableops.benchmarks;

import static org.stableops.benchmarks.NetworkKind.RELU;
import static org.stableops.benchmarks.NetworkKind.SOFTPLUS;
import static org.stableops.benchmarks.NetworkKind.SQUAREPLUS;
import static org.stableops.benchmarks.NetworkKind.STOCK_RELU;
import static org.stableops.benchmarks.NetworkKind.STOCK_SOFTPLUS;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.stableops.benchmarks.ElementwiseProblem.Function;

/** DESIGN.md's table of performance bars, as far as they are of courses. */
final class Headline {
  /**
   * A line of the table.
   *
   * @param work what ours does
   * @param against the peer
   * @param show which of the ratios
   * @param duels whose ratios they are
   */
  record Row(String work, String against, Show show, List<Duel> duels) {}

  /** What a line of the table tells of several ratios. */
  enum Show {
    /** All, in their order. */
    EACH,
    /** The least, and where it is. */
    WORST
  }

  private static final double NONE = Double.NaN;

  static final List<Row> ROWS = rows();

  private Headline() {}

  private static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(networks(DjlNetwork.HOST, SOFTPLUS, floors(1, 1, 1), floors(1, 1, 1.03)));
    rows.add(networks(DjlNetwork.HOST, SQUAREPLUS, floors(.9, .95, .97), floors(.9, .97, .97)));
    rows.add(networks(DjlNetwork.HOST, RELU, floors(1, 1, 1), floors(1, 1, 1)));
    for (NetworkKind kind : List.of(SOFTPLUS, SQUAREPLUS, RELU)) {
      boolean isPromised = kind == SOFTPLUS;
      double[] floors = isPromised ? floors(1, 1, 1.05) : floors(NONE, NONE, NONE);
      rows.add(networks(Dl4jNetwork.HOST, kind, floors, floors));
    }
    for (NetworkKind kind : List.of(SOFTPLUS, SQUAREPLUS, RELU)) {
      double[] floors = floors(NONE, NONE, NONE);
      rows.add(networks(SameDiffNetwork.HOST, kind, floors, floors));
    }
    rows.add(elementwise(DjlCall.HOST, Function.SQUAREPLUS, 14, 1.3, 1.5));
    rows.add(elementwise(DjlCall.HOST, Function.SOFTPLUS, 12, 1, 1.3));
    rows.add(elementwise(DjlCall.HOST, Function.SOFTPLUS_INVERSE, 12, .7, 1));
    rows.add(small(DjlCall.HOST, .6));
    rows.add(elementwise(Nd4jCall.HOST, Function.SQUAREPLUS, 14, NONE, NONE));
    rows.add(elementwise(Nd4jCall.HOST, Function.SOFTPLUS, 12, NONE, NONE));
    rows.add(elementwise(Nd4jCall.HOST, Function.SOFTPLUS_INVERSE, 12, NONE, NONE));
    rows.add(small(Nd4jCall.HOST, NONE));
    String libtorch = "libtorch cross_entropy_loss, pages warm";
    rows.add(loss("DJL cross-entropy value, ", DjlCall.HOST, Size.WIDE, libtorch, 1, 1.5));
    rows.add(loss("DJL cross-entropy value, ", DjlCall.HOST, Size.VOCABULARY, libtorch, 1, 1.5));
    String dl4j = "DL4J loss and gradient, one-hot labels, ";
    rows.add(loss(dl4j, Dl4jNetwork.HOST, Size.WIDE, "LossMCXENT with softmax", 4, 6));
    return rows;
  }

  private static double[] floors(double... floors) {
    return floors;
  }

  private static Row networks(String host, NetworkKind kind, double[] plain, double[] flag) {
    NetworkKind peer = kind == SOFTPLUS ? STOCK_SOFTPLUS : STOCK_RELU;
    List<Course> courses =
        NetworkShape.ALL.stream()
            .map(shape -> Courses.of(Courses.NETWORK, host, shape.toString()))
            .toList();
    List<Duel> duels =
        IntStream.range(0, courses.size())
            .mapToObj(
                i -> new Duel(courses.get(i), kind.toString(), peer.toString(), plain[i], flag[i]))
            .toList();
    String trainer = host.equals(DjlNetwork.HOST) && kind != RELU ? ", FusedTrainer" : "";
    return new Row(
        "%s training step: %s%s".formatted(host, kind, trainer), peer.toString(), Show.EACH, duels);
  }

  private static Row elementwise(
      String host, Function function, int leastExponent, double plain, double flag) {
    List<Duel> duels =
        IntStream.rangeClosed(leastExponent, Courses.MOST_EXPONENT)
            .mapToObj(Size::power)
            .map(size -> elementwise(host, function, size, plain, flag))
            .toList();
    return new Row(
        "%s %s, 2^%d … 2^%d".formatted(host, function, leastExponent, Courses.MOST_EXPONENT),
        softplus(host),
        Show.WORST,
        duels);
  }

  private static Row small(String host, double floor) {
    List<Duel> duels =
        Stream.of(Function.SQUAREPLUS, Function.SOFTPLUS, Function.SOFTPLUS_INVERSE)
            .map(function -> elementwise(host, function, Size.SMALL, floor, floor))
            .toList();
    String work =
        "%s squareplus, softplus, softplusInverse, %d".formatted(host, Size.SMALL.elements());
    return new Row(work, softplus(host), Show.EACH, duels);
  }

  static Duel elementwise(String host, Function function, Size size, double plain, double flag) {
    return new Duel(
        course(Courses.ELEMENTWISE, host, size), function.toString(), Courses.HOSTS, plain, flag);
  }

  private static String softplus(String host) {
    return host.equals(DjlCall.HOST) ? "libtorch softplus" : "ND4J softplus";
  }

  private static Row loss(
      String work, String host, Size size, String against, double plain, double flag) {
    Course course = course(Courses.LOSS, host, size);
    return new Row(
        work + size,
        against,
        Show.EACH,
        List.of(new Duel(course, Courses.OURS, Courses.HOSTS, plain, flag)));
  }

  private static Course course(String kind, String host, Size size) {
    return Courses.of(kind, host, size.toString());
  }
}
