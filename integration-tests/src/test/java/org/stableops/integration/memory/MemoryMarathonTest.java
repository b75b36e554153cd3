package org.stableops.integration.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.integration.NewJvm;

/**
 * 50,000 calls of every operator in every form, and 5,000 steps of every kind of training, in a
 * heap of 128 MB; by {@code -Dstableops.marathon=all} twice as many. The samples, and a picture of
 * them, are in {@code target/reliability}.
 */
@Tag("endurance")
@EnabledOnOs(OS.LINUX)
class MemoryMarathonTest {
  /** Of a call or a step; a leak of 100 bytes is ten times as much. */
  static final double BYTES = 10;

  private static final boolean IS_WHOLE = "all".equals(System.getProperty("stableops.marathon"));

  private static final int LEAK = 100;

  /** What malloc takes for it: with a header of 8, and rounded up to 16. */
  private static final int BLOCK = 112;

  private static final Path DIRECTORY = Path.of("target", "reliability");

  /** No caches that live by the clock, one thread that compiles. */
  private static final List<String> SMALL =
      ProcessMemory.jvmOptions(
          "128m",
          "-XX:SoftRefLRUPolicyMSPerMB=0",
          "-XX:CICompilerCount=1",
          "-XX:CompileCommand=quiet",
          "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g");

  @ParameterizedTest
  @EnumSource(Marathon.Kind.class)
  void memoryIsFlat(Marathon.Kind kind) throws IOException, InterruptedException {
    Samples samples = run(kind, DIRECTORY, 0);
    assertTrue(samples.heapGrowth() < BYTES, "heap " + samples.heapGrowth());
    assertTrue(samples.mallocGrowth() < BYTES, "malloc " + samples.mallocGrowth());
    assertTrue(samples.residentGrowth() < BYTES, "process " + samples.residentGrowth());
    if (kind.countsArrays()) {
      assertArrayEquals(new double[samples.live().length], samples.live(), "open arrays");
    } else {
      assertTrue(samples.liveGrowth() < BYTES, "bytes of JavaCPP " + samples.liveGrowth());
    }
  }

  /** The criterion, beside either host. */
  @ParameterizedTest
  @EnumSource(names = {"FUSED_TRAINER", "SAMEDIFF"})
  void aLeakIsSeen(Marathon.Kind kind, @TempDir Path directory)
      throws IOException, InterruptedException {
    Samples samples = run(kind, directory, LEAK);
    assertEquals(BLOCK, samples.mallocGrowth(), BYTES);
    assertTrue(samples.heapGrowth() < BYTES, "heap " + samples.heapGrowth());
  }

  private static Samples run(Marathon.Kind kind, Path directory, int leak)
      throws IOException, InterruptedException {
    Path file = directory.resolve(kind + ".csv");
    NewJvm.lastLine(Marathon.class, SMALL, kind, kind.count(IS_WHOLE), file, leak);
    Samples samples = Samples.read(file);
    System.out.printf(
        "%s: grows by %.2f bytes of heap, %.2f of malloc's, %.2f of the process, %.2f of the"
            + " host's count, each%n",
        kind,
        samples.heapGrowth(),
        samples.mallocGrowth(),
        samples.residentGrowth(),
        samples.liveGrowth());
    return samples;
  }

  @AfterAll
  static void draw() throws IOException {
    MemoryPicture.draw(DIRECTORY, DIRECTORY.resolve("memory.png"));
  }
}
