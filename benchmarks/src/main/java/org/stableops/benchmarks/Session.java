package org.stableops.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import org.stableops.FusedPath;

/**
 * The main class of a JVM that measures contestants of one host one after the other, by JMH. They
 * share the JVM, as they would in an application, and because the start of one, and of its host,
 * takes longer than a measurement; with forks, every measurement has a JVM of its own.
 */
final class Session {
  private static final String ALLOCATION = "gc.alloc.rate.norm";

  private static final long WARM_UP_NANOSECONDS = 300_000_000;

  private final Timing timing;

  private Session(Timing timing) {
    this.timing = timing;
  }

  /** Takes the timing as numbers, and the tasks, one a line, from the standard input. */
  public static void main(String[] arguments) throws RunnerException {
    int[] numbers = Stream.of(arguments).mapToInt(Integer::parseInt).toArray();
    Session session =
        new Session(
            new Timing(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]));
    Messages messages = new Messages();
    messages.send(FusedPath.describe());
    List<Task> tasks = Messages.given().stream().map(Task::parse).toList();
    if (session.timing.forks() == 0) {
      tasks.forEach(Session::warmUp);
    }
    for (Task task : tasks) {
      messages.send(session.measure(task).toString());
    }
    // ND4J's threads do not let go.
    System.exit(0);
  }

  /** What {@link #main} takes. */
  static List<String> arguments(Timing timing) {
    return Stream.of(
            timing.forks(),
            timing.warmups(),
            timing.warmupMilliseconds(),
            timing.iterations(),
            timing.milliseconds(),
            timing.races())
        .map(Object::toString)
        .toList();
  }

  /**
   * Calls everybody for a while before anybody is measured: short calls depend on how far the
   * compilers have come, and those need time more than calls.
   */
  private static void warmUp(Task task) {
    if (task.size().elements() > Size.NARROW.elements()) {
      return;
    }
    try (Contestant contestant = task.entry().start(task.size(), CallBenchmark.seed())) {
      long end = System.nanoTime() + WARM_UP_NANOSECONDS;
      while (System.nanoTime() < end) {
        contestant.run();
      }
    }
  }

  private Cost measure(Task task) throws RunnerException {
    RunResult result =
        new Runner(
                new OptionsBuilder()
                    .include(CallBenchmark.class.getName())
                    .param("contestant", task.contestant())
                    .param("size", task.size().toString())
                    .forks(timing.forks())
                    .warmupIterations(timing.warmups())
                    .warmupTime(milliseconds(timing.warmupMilliseconds()))
                    .measurementIterations(timing.iterations())
                    .measurementTime(milliseconds(timing.milliseconds()))
                    .shouldFailOnError(true)
                    .addProfiler(GCProfiler.class)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .runSingle();
    Statistics times = result.getPrimaryResult().getStatistics();
    return new Cost(
        times.getPercentile(50),
        (times.getPercentile(75) - times.getPercentile(25)) / 2,
        result.getSecondaryResults().get(ALLOCATION).getScore(),
        Double.NaN);
  }

  private static TimeValue milliseconds(int number) {
    return new TimeValue(number, TimeUnit.MILLISECONDS);
  }
}
