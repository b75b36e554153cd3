package org.stableops.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What is to be measured.
 *
 * @param courses what is measured inside programs of the hosts
 * @param timed whose isolated calls, in time and heap allocation
 * @param weighed whose native memory
 * @param modes in which JVMs
 * @param threads under which numbers of threads
 * @param timing for how long
 */
record Plan(
    List<Course> courses,
    List<Task> timed,
    List<Task> weighed,
    List<JvmMode> modes,
    List<Integer> threads,
    Timing timing) {
  /**
   * Peers stand side by side, and the small ones come last: they depend most on what has been
   * compiled.
   */
  private static final Comparator<Task> BY_SIZE =
      Comparator.comparingInt(task -> -task.size().elements());

  /** What the table and the pictures need. */
  static Plan selection(Predicate<String> filter) {
    Stream<Task> ofBars =
        bars(false).flatMap(bar -> bar.comparisons().stream()).flatMap(Comparison::tasks);
    List<Task> timed =
        Stream.concat(ofBars, Curve.ALL.stream().flatMap(Curve::tasks))
            .distinct()
            .filter(task -> filter.test(task.toString()))
            .sorted(BY_SIZE)
            .toList();
    List<Task> weighed =
        bars(true)
            .flatMap(bar -> bar.comparisons().stream())
            .flatMap(Comparison::tasks)
            .filter(task -> filter.test(task.toString()))
            .toList();
    return new Plan(
        courses(filter), timed, weighed, JvmMode.ALL, List.of(Bars.THREADS), Timing.SHORT);
  }

  private static Stream<Bar> bars(boolean ofMemory) {
    return Bars.ALL.stream().filter(bar -> (bar.measure() == Bar.Measure.NATIVE_PEAK) == ofMemory);
  }

  /** Every contestant in every size. */
  static Plan everything(Predicate<String> filter) {
    List<Task> all =
        Contestants.ALL.stream()
            .flatMap(entry -> entry.sizes().stream().map(size -> new Task(entry.id(), size)))
            .filter(task -> filter.test(task.toString()))
            .toList();
    List<Task> weighed = all.stream().filter(Plan::isLargeLoss).toList();
    return new Plan(
        courses(filter),
        all.stream().sorted(BY_SIZE).toList(),
        weighed,
        JvmMode.ALL,
        List.of(1, Bars.THREADS),
        Timing.LONG);
  }

  /** In DJL, for in ND4J the probe finds memory that a former call has left behind. */
  private static boolean isLargeLoss(Task task) {
    return task.entry().host().equals(DjlCall.HOST)
        && task.entry().problem() instanceof LossProblem.Kind
        && task.entry().work() != Work.VALUE
        && (task.size().equals(Size.WIDE) || task.size().equals(Size.VOCABULARY));
  }

  private static List<Course> courses(Predicate<String> filter) {
    return Courses.ALL.stream().filter(course -> course.names().anyMatch(filter)).toList();
  }

  Plan withForks(int forks) {
    return new Plan(courses, timed, weighed, modes, threads, timing.withForks(forks));
  }

  Plan in(List<JvmMode> some) {
    return new Plan(courses, timed, weighed, some, threads, timing);
  }

  Plan withoutMemory() {
    return new Plan(courses, timed, List.of(), modes, threads, timing);
  }

  Plan insideOnly() {
    return new Plan(courses, List.of(), List.of(), modes, threads, timing);
  }

  Plan isolatedOnly() {
    return new Plan(List.of(), timed, weighed, modes, threads, timing);
  }

  List<Conditions> conditions() {
    return modes.stream()
        .flatMap(mode -> threads.stream().map(number -> new Conditions(mode, number)))
        .toList();
  }

  /** Native memory does not depend on threads, nor on the JVM. */
  Conditions conditionsOfMemory() {
    return new Conditions(modes.get(0), threads.get(threads.size() - 1));
  }

  int steps() {
    return (courses.size() + timed.size()) * conditions().size() + weighed.size();
  }
}
