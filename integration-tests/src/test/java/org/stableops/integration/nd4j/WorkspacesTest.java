package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.profiler.ProfilerConfig;
import org.stableops.integration.Call;
import org.stableops.integration.host.Path;
import org.stableops.integration.oracle.Format;

/**
 * In workspaces, the user's own and those of each mode of DL4J, with the host's checks of what
 * belongs to a workspace that is no longer open.
 */
@SuppressWarnings("try") // Workspaces are open for the block's sake.
class WorkspacesTest {
  private static final int ROWS = 5;
  private static final int CLASSES = 7;
  private static final WorkspaceConfiguration MEGABYTE =
      WorkspaceConfiguration.builder().initialSize(1 << 20).build();

  @BeforeEach
  void checkWorkspaces() {
    Nd4j.getExecutioner()
        .setProfilingConfig(ProfilerConfig.builder().checkWorkspaces(true).build());
  }

  @AfterEach
  void checkNoLonger() {
    Nd4j.getExecutioner().setProfilingConfig(ProfilerConfig.builder().build());
    assertNull(Nd4j.getMemoryManager().getCurrentWorkspace(), "a workspace is left open");
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }

  private static MemoryWorkspace open(String name) {
    return Nd4j.getWorkspaceManager().getAndActivateWorkspace(MEGABYTE, name);
  }

  private static Map<String, double[]> alone(Nd4jCalls calls) {
    Map<String, double[]> expected = new LinkedHashMap<>();
    calls.results().forEach((name, call) -> expected.put(name, Elements.of(call.get())));
    return expected;
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void aResultIsWhereThatOfTheHostsOwnOperatorsWouldBe(Path path) {
    Nd4jCalls calls = new Nd4jCalls(Format.FLOAT32, ROWS, CLASSES);
    path.run(
        () -> {
          Map<String, double[]> expected = alone(calls);
          try (MemoryWorkspace workspace = open("OURS")) {
            INDArray ofTheHost = calls.x().add(1);
            assertSame(workspace, ofTheHost.data().getParentWorkspace());
            calls
                .results()
                .forEach(
                    (name, call) -> {
                      INDArray result = call.get();
                      assertTrue(result.isAttached(), name);
                      assertSame(workspace, result.data().getParentWorkspace(), name);
                      assertArrayEquals(expected.get(name), Elements.of(result), name);
                      assertSame(workspace, Nd4j.getMemoryManager().getCurrentWorkspace(), name);
                    });
          }
          return null;
        });
  }

  @ParameterizedTest
  @EnumSource(Path.class)
  void aDetachedOrLeveragedResultOutlivesItsWorkspace(Path path) {
    Nd4jCalls calls = new Nd4jCalls(Format.FLOAT32, ROWS, CLASSES);
    path.run(
        () -> {
          Map<String, double[]> expected = alone(calls);
          try (MemoryWorkspace outer = open("OUTER")) {
            Map<String, INDArray> detached = new LinkedHashMap<>();
            Map<String, INDArray> leveraged = new LinkedHashMap<>();
            try (MemoryWorkspace inner = open("INNER")) {
              calls
                  .results()
                  .forEach(
                      (name, call) -> {
                        detached.put(name, call.get().detach());
                        leveraged.put(name, call.get().leverageTo("OUTER"));
                      });
            }
            overwrite("INNER");
            detached.forEach(
                (name, result) -> {
                  assertFalse(result.isAttached(), name);
                  assertArrayEquals(expected.get(name), Elements.of(result), name);
                });
            leveraged.forEach(
                (name, result) -> {
                  assertSame(outer, result.data().getParentWorkspace(), name);
                  assertArrayEquals(expected.get(name), Elements.of(result), name);
                });
          }
          return null;
        });
  }

  /** A workspace starts anew each time it is opened. */
  private static void overwrite(String name) {
    try (MemoryWorkspace again = open(name)) {
      for (int i = 0; i < 200; i++) {
        Nd4j.valueArrayOf(new long[] {ROWS, CLASSES}, -777, DataType.FLOAT);
      }
    }
  }

  /** Graphs, activations and losses, too; what they keep outlives the workspace. */
  @Test
  void everyCallHasTheSameBitsInAWorkspace() {
    for (Call call : new Nd4jCalls(Format.FLOAT32, ROWS, CLASSES).all()) {
      double[] expected = call.numbers().get();
      for (int i = 0; i < 2; i++) {
        try (MemoryWorkspace workspace = open("OURS")) {
          assertArrayEquals(expected, call.numbers().get(), call.name());
        }
        overwrite("OURS");
      }
      assertArrayEquals(expected, call.numbers().get(), call.name());
    }
  }

  // ---- DL4J

  static Stream<Arguments> modes() {
    return Stream.of(WorkspaceMode.ENABLED, WorkspaceMode.NONE)
        .flatMap(mode -> Stream.of(CacheMode.values()).map(cache -> Arguments.of(mode, cache)));
  }

  /** Training, scores and outputs. */
  @ParameterizedTest
  @MethodSource("modes")
  void everyModeOfDl4jHasTheSameBits(WorkspaceMode mode, CacheMode cache) {
    for (Path path : Path.values()) {
      path.run(
          () -> {
            MultiLayerNetwork plain = Nd4jTraining.network(WorkspaceMode.NONE, CacheMode.NONE);
            assertSameTraining(plain, Nd4jTraining.network(mode, cache));
            return null;
          });
    }
  }

  private static void assertSameTraining(MultiLayerNetwork expected, MultiLayerNetwork actual) {
    Digits digits = Digits.few(DataType.FLOAT, 256);
    for (int step = 0; step < 4; step++) {
      Digits batch = digits.batch(step, 64);
      INDArray labels = step % 2 == 0 ? batch.labels() : batch.oneHot();
      expected.fit(batch.pixels(), labels);
      actual.fit(batch.pixels(), labels);
      assertEquals(expected.score(), actual.score());
      assertNull(Nd4j.getMemoryManager().getCurrentWorkspace());
    }
    Elements.assertSame(expected.params(), actual.params(), "parameters");
    INDArray pixels = digits.pixels();
    Elements.assertSame(expected.output(pixels), actual.output(pixels), "outputs");
    if (actual.getLayerWiseConfigurations().getInferenceWorkspaceMode() == WorkspaceMode.NONE) {
      return;
    }
    INDArray outside = expected.output(pixels);
    try (MemoryWorkspace ours = open("OURS")) {
      INDArray output = actual.output(pixels, false, ours);
      assertSame(ours, output.data().getParentWorkspace());
      Elements.assertSame(outside, output, "outputs in a workspace of the user");
    }
  }
}
