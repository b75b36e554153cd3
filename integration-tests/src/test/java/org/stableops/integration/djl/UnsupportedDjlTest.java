package org.stableops.integration.djl;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.stableops.integration.NewJvm;

/** What the operators say where DJL, or one part of it, is older than 0.28. */
class UnsupportedDjlTest {
  /** The method's name as it stands in a class file. */
  private static final String NAME = "\u0001\u0000\u000CtoByteBuffer";

  @TempDir Path directory;

  /** Each part in turn lacks the method that it has since 0.28. */
  @ParameterizedTest
  @CsvSource({
    "ndarray/NDArray, NoSuchMethodError",
    "pytorch/engine/PtNDArray, AbstractMethodError",
  })
  void everyCallSaysSo(String type, String error) throws IOException, InterruptedException {
    writeWithoutToByteBuffer("ai/djl/" + type + ".class");
    String classPath = directory + File.pathSeparator + System.getProperty("java.class.path");
    NewJvm.Result result = ForkedJvm.run(classPath, EveryCallOnOldDjl.class);
    assertEquals(0, result.exitCode(), result.output());
    String message =
        "DJL must be 0.28.0 or later, got api %1$s and pytorch-engine %1$s (java.lang.%2$s: "
            .formatted(Engine.getDjlVersion(), error);
    assertTrue(result.output().contains(message), result.output());
  }

  /** Writes a copy of a class of DJL in which the method has another name. */
  private void writeWithoutToByteBuffer(String type) throws IOException {
    try (InputStream in = NDArray.class.getClassLoader().getResourceAsStream(type)) {
      String original = new String(in.readAllBytes(), ISO_8859_1);
      String renamed = original.replace(NAME, "\u0001\u0000\u000CnoByteBuffer");
      assertNotEquals(original, renamed);
      Path file = directory.resolve(type);
      Files.createDirectories(file.getParent());
      Files.writeString(file, renamed, ISO_8859_1);
    }
  }
}
