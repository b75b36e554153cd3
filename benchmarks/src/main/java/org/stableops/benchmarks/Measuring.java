package org.stableops.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.stableops.integration.memory.ProcessMemory;

/** Has things measured in JVMs of their own, one at a time. */
final class Measuring {
  private final long seed;
  private final Map<String, String> environment;
  private final File log;

  /** The environment is that of the JVMs in which time is measured. */
  Measuring(long seed, Map<String, String> environment, Path log) {
    this.seed = seed;
    this.environment = environment;
    this.log = log.toFile();
  }

  /** How the kernels compute under some conditions, in a line. */
  String describe(Conditions conditions) throws IOException, InterruptedException {
    List<String> description = new ArrayList<>();
    session(conditions, List.of(), Timing.SHORT, description::add);
    return description.get(0);
  }

  /** Measures the courses that are planned. */
  void run(Plan plan, Outcomes outcomes, Runnable step) throws IOException, InterruptedException {
    for (Conditions conditions : plan.conditions()) {
      for (Course.Jvms jvm : Course.Jvms.values()) {
        List<Course> courses =
            plan.courses().stream().filter(course -> course.jvm() == jvm).toList();
        if (!courses.isEmpty()) {
          race(conditions, jvm, courses, plan.timing(), outcomes, step);
        }
      }
    }
  }

  private void race(
      Conditions conditions,
      Course.Jvms jvm,
      List<Course> courses,
      Timing timing,
      Outcomes outcomes,
      Runnable step)
      throws IOException, InterruptedException {
    Map<String, String> ofJvm = new HashMap<>(environment);
    ofJvm.putAll(jvm.environment);
    List<String> arguments = List.of(Integer.toString(timing.races()));
    Process process = Jvm.start(RaceSession.class, conditions, seed(), ofJvm, log, arguments);
    Messages.give(process, courses);
    Deque<Course> waiting = new ArrayDeque<>(courses);
    receive(
        process,
        message -> {
          Course course = waiting.remove();
          StepTimes.parseAll(message)
              .forEach((runner, times) -> outcomes.put(course, runner, conditions, times));
          step.run();
        });
  }

  /** Measures the isolated calls that are planned, and memory. */
  void run(Plan plan, Results results, Runnable step) throws IOException, InterruptedException {
    for (Conditions conditions : plan.conditions()) {
      for (List<Task> tasks : byHost(plan.timed())) {
        time(conditions, tasks, plan.timing(), results, step);
      }
    }
    for (Task task : plan.weighed()) {
      weigh(plan.conditionsOfMemory(), task, results);
      step.run();
    }
  }

  private static Iterable<List<Task>> byHost(List<Task> tasks) {
    return tasks.stream()
        .collect(
            Collectors.groupingBy(
                task -> task.entry().host(), LinkedHashMap::new, Collectors.toList()))
        .values();
  }

  private void time(
      Conditions conditions, List<Task> tasks, Timing timing, Results results, Runnable step)
      throws IOException, InterruptedException {
    Deque<Task> waiting = new ArrayDeque<>(tasks);
    List<String> description = new ArrayList<>();
    session(
        conditions,
        tasks,
        timing,
        message -> {
          if (description.isEmpty()) {
            description.add(message);
          } else {
            results.put(waiting.remove(), conditions, Cost.parse(message));
            step.run();
          }
        });
  }

  private void session(
      Conditions conditions, List<Task> tasks, Timing timing, Consumer<String> receiver)
      throws IOException, InterruptedException {
    List<String> arguments = Session.arguments(timing);
    Process process = Jvm.start(Session.class, conditions, seed(), environment, log, arguments);
    Messages.give(process, tasks);
    receive(process, receiver);
  }

  private void weigh(Conditions conditions, Task task, Results results)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(ProcessMemory.jvmOptions("1g"));
    options.addAll(seed());
    List<String> arguments = List.of(task.toString());
    Process process =
        Jvm.start(
            MemoryProbe.class, conditions, options, ProcessMemory.ENVIRONMENT, log, arguments);
    receive(process, message -> results.put(task, conditions, Cost.parse(message)));
  }

  private void receive(Process process, Consumer<String> receiver)
      throws IOException, InterruptedException {
    int code = Messages.receive(process, receiver);
    if (code != 0) {
      throw new IllegalStateException(
          "a JVM that measures ended with code %d, see the end of %s".formatted(code, log));
    }
  }

  private List<String> seed() {
    return List.of(CallBenchmark.seedOption(seed));
  }
}
