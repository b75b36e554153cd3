package org.stableops.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What JMH calls: one contestant in one size. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallBenchmark {
  /** The system property with the seed of the inputs, the same for all contestants of a run. */
  private static final String SEED = "stableops.benchmark.seed";

  /** Which contestant. */
  @Param("")
  String contestant;

  /** Of which size. */
  @Param("")
  String size;

  private Contestant running;

  static long seed() {
    return Long.getLong(SEED, 1);
  }

  /** The option of a JVM for this seed. */
  static String seedOption(long seed) {
    return "-D" + SEED + "=" + seed;
  }

  /** Creates the state; JMH does. */
  public CallBenchmark() {}

  /** Allocates the inputs and checks the results. */
  @Setup
  public void start() {
    running = Contestants.of(contestant).start(Size.parse(size), seed());
  }

  /** Frees what the hosts leave to the collector, which JMH would wait half a second for. */
  @Setup(Level.Iteration)
  public void collect() {
    System.gc();
  }

  /** Frees the inputs. */
  @TearDown
  public void stop() {
    running.close();
  }

  /**
   * One call.
   *
   * @return what JMH consumes
   */
  @Benchmark
  public Object call() {
    return running.run();
  }
}
