package org.stableops.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What is to be measured.
 *
 * @param timed whose time and heap allocation
 * @param weighed whose native memory
 * @param threads under which numbers of threads
 * @param timing for how long
 */
record Plan(List<Task> timed, List<Task> weighed, List<Integer> threads, Timing timing) {
  /**
   * Peers stand side by side, and the small ones come last: they depend most on what has been
   * compiled.
   */
  private static final Comparator<Task> BY_SIZE =
      Comparator.comparingInt(task -> -task.size().elements());

  /** What the table and the pictures need. */
  static Plan selection(Predicate<Task> filter) {
    Stream<Task> ofBars =
        bars(false).flatMap(bar -> bar.comparisons().stream()).flatMap(Comparison::tasks);
    List<Task> timed =
        Stream.concat(ofBars, Curve.ALL.stream().flatMap(Curve::tasks))
            .distinct()
            .filter(filter)
            .sorted(BY_SIZE)
            .toList();
    List<Task> weighed =
        bars(true)
            .flatMap(bar -> bar.comparisons().stream())
            .flatMap(Comparison::tasks)
            .filter(filter)
            .toList();
    return new Plan(timed, weighed, List.of(Bars.THREADS), Timing.SHORT);
  }

  private static Stream<Bar> bars(boolean ofMemory) {
    return Bars.ALL.stream().filter(bar -> (bar.measure() == Bar.Measure.NATIVE_PEAK) == ofMemory);
  }

  /** Every contestant in every size. */
  static Plan everything(Predicate<Task> filter) {
    List<Task> all =
        Contestants.ALL.stream()
            .flatMap(entry -> entry.sizes().stream().map(size -> new Task(entry.id(), size)))
            .filter(filter)
            .toList();
    List<Task> weighed = all.stream().filter(Plan::isLargeLoss).toList();
    return new Plan(
        all.stream().sorted(BY_SIZE).toList(), weighed, List.of(1, Bars.THREADS), Timing.LONG);
  }

  /** In DJL, for in ND4J the probe finds memory that a former call has left behind. */
  private static boolean isLargeLoss(Task task) {
    return task.entry().host().equals(DjlCall.HOST)
        && task.entry().problem() instanceof LossProblem.Kind
        && task.entry().work() != Work.VALUE
        && (task.size().equals(Size.WIDE) || task.size().equals(Size.VOCABULARY));
  }

  Plan withForks(int forks) {
    return new Plan(timed, weighed, threads, timing.withForks(forks));
  }

  Plan withoutMemory() {
    return new Plan(timed, List.of(), threads, timing);
  }

  List<Conditions> conditions() {
    return Stream.of(JvmMode.values())
        .flatMap(mode -> threads.stream().map(number -> new Conditions(mode, number)))
        .toList();
  }

  /** Memory does not depend on threads: it is weighed under the most of them. */
  List<Conditions> conditionsOfMemory() {
    int most = threads.get(threads.size() - 1);
    return Stream.of(JvmMode.values()).map(mode -> new Conditions(mode, most)).toList();
  }

  int steps() {
    return timed.size() * conditions().size() + weighed.size() * conditionsOfMemory().size();
  }
}
