package org.stableops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Java has no generics over float and double, so that some code has to be there twice. Here it is
 * held to be the same twice: replacing the types of one file makes the other.
 */
class MirroredSourcesTest {
  private static final Path SOURCES = Path.of("src/main/java/org/stableops/kernel");

  /** In this order. */
  private static final Map<String, String> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put("(float)", "");
    TYPES.put("asFloats", "asDoubles");
    TYPES.put("reinterpretAsFloats", "reinterpretAsDoubles");
    TYPES.put("reinterpretAsInts", "reinterpretAsLongs");
    TYPES.put("Float", "Double");
    TYPES.put("float", "double");
    TYPES.put("IntVector", "LongVector");
    TYPES.put("Integer", "Long");
    TYPES.put("INTS", "LONGS");
    TYPES.put("(int)", "(long)");
    TYPES.put("intintAt", "longlongAt");
    TYPES.put("intAt", "longAt");
    TYPES.put("setInt", "setLong");
    TYPES.put("intvalue", "longvalue");
    TYPES.put("intnumber", "longnumber");
    TYPES.put("intexponent", "longexponent");
    TYPES.put("intlowest", "longlowest");
    TYPES.put("intlargest", "longlargest");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Java%sTileMath", "Vector%sTileMath"})
  void floatAndDoubleAreTheSameCode(String name) throws IOException {
    String floats = methods(name.formatted("Float"));
    for (Map.Entry<String, String> type : TYPES.entrySet()) {
      floats = floats.replace(type.getKey(), type.getValue());
    }
    assertEquals(methods(name.formatted("Double")), floats);
  }

  /**
   * The methods that both have: no white space, comments, imports and polynomials, nor what only
   * one has, at its end: sums and conversions of floats, logarithms of doubles.
   */
  private static String methods(String name) throws IOException {
    String source = Files.readString(SOURCES.resolve(name + ".java"));
    String body = source.substring(source.indexOf("@Override"));
    return body.split("public double sum|public void log\\(")[0]
        .replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "")
        .replaceAll("(\\w+ )?[pq] = [^;]*constant\\([PQ]\\d\\)\\)?;", "")
        .replaceAll("@Override\\s*$|}\\s*$", "")
        .replaceAll("\\s", "");
  }
}
