package org.stableops.integration.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.integration.nd4j.NewJvm;

/**
 * 100,000 calls of every operator in every form, and 10,000 steps of every kind of training, in a
 * heap of 128 MB. The samples, and a picture of them, are in {@code target/reliability}.
 */
@Tag("endurance")
@EnabledOnOs(OS.LINUX)
class MemoryMarathonTest {
  /** Of a call or a step; a leak of 100 bytes is four times as much. */
  static final double BYTES = 25;

  private static final Path DIRECTORY = Path.of("target", "reliability");

  /** A heap touched at the start, and no compiler that takes memory for a while. */
  private static final List<String> SMALL =
      List.of(
          "-Xms128m",
          "-Xmx128m",
          "-XX:+AlwaysPreTouch",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g");

  @ParameterizedTest
  @EnumSource(Marathon.Kind.class)
  void memoryIsFlat(Marathon.Kind kind) throws IOException, InterruptedException {
    Samples samples = run(kind);
    // A leak is in every run; what malloc or the JVM takes for itself is not.
    for (int more = 0; more < 2 && samples.residentGrowth() >= BYTES; more++) {
      samples = run(kind);
    }
    assertTrue(samples.heapGrowth() < BYTES, "heap " + samples.heapGrowth());
    assertTrue(samples.residentGrowth() < BYTES, "process " + samples.residentGrowth());
    if (kind.countsArrays()) {
      assertArrayEquals(new double[samples.live().length], samples.live(), "open arrays");
    } else {
      assertTrue(samples.liveGrowth() < BYTES, "bytes of JavaCPP " + samples.liveGrowth());
    }
  }

  private static Samples run(Marathon.Kind kind) throws IOException, InterruptedException {
    Path file = DIRECTORY.resolve(kind + ".csv");
    NewJvm.lastLine(Marathon.class, SMALL, kind, file, Integer.getInteger("marathon.leak", 0));
    Samples samples = Samples.read(file);
    System.out.printf(
        "%s: grows by %.2f bytes of heap, %.2f of the process, %.2f of the host's count, each%n",
        kind, samples.heapGrowth(), samples.residentGrowth(), samples.liveGrowth());
    return samples;
  }

  @AfterAll
  static void draw() throws IOException {
    MemoryPicture.draw(DIRECTORY, DIRECTORY.resolve("memory.png"));
  }
}
