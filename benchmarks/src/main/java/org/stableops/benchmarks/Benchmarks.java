package org.stableops.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import me.tongfei.progressbar.ProgressBar;
import org.stableops.integration.demo.Progress;
import org.stableops.integration.demo.Versions;
import org.stableops.integration.memory.ProcessMemory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the operators and their peers, and prints the table of what is promised. */
@Command(
    name = "benchmarks",
    mixinStandardHelpOptions = true,
    versionProvider = Versions.class,
    showDefaultValues = true,
    description =
        "Measures whole training steps, operators inside a program of the host, and isolated calls,"
            + " ours beside the host's own, in a plain JVM and in one with the Vector API.")
final class Benchmarks implements Callable<Integer> {
  @Option(
      names = "--all",
      description =
          "Every contestant in every size under 1 and 2 threads, not only what the table needs.")
  private boolean all;

  @Option(
      names = "--filter",
      paramLabel = "<regex>",
      description =
          "Only what it is found in, such as network/DL4J, elementwise/DJL/2^14, or"
              + " squareplus/value/DJL/ours/2^20 among the isolated calls.")
  private Pattern filter = Pattern.compile("");

  @Option(
      names = "--inside",
      description =
          "Only whole training steps, and operators behind a matrix product of the host: ours and"
              + " the peer's in turn in one JVM.")
  private boolean inside;

  @Option(
      names = "--isolated",
      description = "Only isolated calls in loops of their own, and native memory.")
  private boolean isolated;

  @Option(
      names = "--jvm",
      description = "Only in JVMs started so: ${COMPLETION-CANDIDATES}.",
      split = ",")
  private List<JvmMode> modes = JvmMode.ALL;

  @Option(
      names = "--busy-neighbour",
      description = "While another program computes without end on one thread.")
  private boolean busyNeighbour;

  @Option(
      names = "--forks",
      description =
          "JVMs for each isolated call; 0 for one a host that measures one after the other.")
  private int forks;

  @Option(
      names = "--tuned",
      description =
          "With the environment that docs/kernels.md advises, for everybody: freed memory is kept"
              + " for the next result, and idle OpenMP threads leave their core.")
  private boolean tuned;

  @Option(names = "--seed", description = "Of the inputs; random if not given.")
  private long seed = ThreadLocalRandom.current().nextLong(1_000_000);

  @Option(names = "--output", paramLabel = "<dir>", description = "Where to write the results.")
  private Path output = Path.of("target", "benchmarks");

  @Option(names = "--list", description = "Print what would be measured.")
  private boolean list;

  @Spec private CommandSpec spec;

  private PrintWriter out;

  private Benchmarks() {}

  /**
   * Runs the benchmarks and exits, with 0 if everything could be measured, whether or not the bars
   * are met.
   *
   * @param arguments see --help
   */
  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new Benchmarks())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (forks < 0) {
      throw new ParameterException(spec.commandLine(), "--forks must be at least 0, got " + forks);
    }
    out = spec.commandLine().getOut();
    Plan plan = plan();
    if (list) {
      plan.courses().forEach(course -> out.println("inside: " + course));
      plan.timed().forEach(out::println);
      plan.weighed().forEach(task -> out.println("memory of " + task));
    } else {
      run(ProcessMemory.hasPeak() ? plan : plan.withoutMemory());
    }
    out.flush();
    return CommandLine.ExitCode.OK;
  }

  private Plan plan() {
    Predicate<String> wanted = name -> filter.matcher(name).find();
    Plan plan = (all ? Plan.everything(wanted) : Plan.selection(wanted)).withForks(forks).in(modes);
    if (inside == isolated) {
      return plan;
    }
    return inside ? plan.insideOnly() : plan.isolatedOnly();
  }

  private void run(Plan plan) throws IOException, InterruptedException {
    Files.createDirectories(output);
    Path log = output.resolve("log.txt");
    Files.deleteIfExists(log);
    Map<String, String> environment = tuned ? Jvm.TUNED : Map.of();
    Measuring measuring = new Measuring(seed, environment, log);
    header(plan, measuring);
    Results results = new Results();
    Outcomes outcomes = new Outcomes();
    BusyNeighbour neighbour = busyNeighbour ? BusyNeighbour.start() : null;
    try (ProgressBar bar = new Progress(out).bar("Measuring", plan.steps())) {
      measuring.run(plan, outcomes, bar::step);
      measuring.run(plan, results, bar::step);
    } finally {
      if (neighbour != null) {
        neighbour.close();
      }
    }
    if (!plan.courses().isEmpty()) {
      reportInside(outcomes);
    }
    if (!plan.timed().isEmpty() || !plan.weighed().isEmpty()) {
      reportIsolated(results);
    }
    out.printf("%nResults: %s%n", output.toAbsolutePath().normalize());
  }

  private void reportInside(Outcomes outcomes) throws IOException {
    Csv.write(output, outcomes);
    List<String> ratios = HeadlineTable.ratios(outcomes);
    List<String> phases = HeadlineTable.phases(outcomes);
    Files.write(output.resolve("headline.md"), ratios);
    Files.write(output.resolve("phases.md"), phases);
    StepsPicture.write(output, outcomes);
    InsidePicture.write(output, outcomes);
    print("Inside a program: how many times as fast as the peer", ratios);
    if (!outcomes.disturbed().isEmpty()) {
      out.printf("%nOther programs were busy during %s%n", String.join(", ", outcomes.disturbed()));
    }
    print("Phases of a training step, medians in microseconds", phases);
  }

  private void reportIsolated(Results results) throws IOException {
    Csv.write(output, results);
    List<String> table = BarsTable.lines(results);
    Files.write(output.resolve("bars.md"), table);
    RatioPicture.write(output, results);
    ThroughputPicture.write(output, results);
    print("Isolated calls", table);
  }

  private void print(String title, List<String> table) {
    if (table.isEmpty()) {
      return;
    }
    out.printf("%n%s:%n%n", title);
    table.forEach(out::println);
  }

  private void header(Plan plan, Measuring measuring) throws IOException, InterruptedException {
    Versions.of().forEach((what, which) -> out.printf("%-12s%s%n", what, which));
    out.printf("%-12s%s%n", "Machine", Machine.describe());
    for (Conditions conditions : plan.conditions()) {
      out.printf("%s: %s%n", conditions, measuring.describe(conditions));
    }
    if (!ProcessMemory.hasPeak()) {
      out.println("native memory is not measured: that needs Linux's /proc/self/clear_refs");
    }
    out.printf("inputs of seed %d%n%n", seed);
    out.flush();
  }
}
