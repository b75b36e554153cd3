package org.stableops.integration.demo;

import ai.djl.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine.IVersionProvider;

/** What runs here. */
public final class Versions implements IVersionProvider {
  private static final String ND4J_PROPERTIES = "/META-INF/maven/org.nd4j/nd4j-api/pom.properties";

  /** Creates it for picocli. */
  public Versions() {}

  @Override
  public String[] getVersion() {
    return of().entrySet().stream()
        .map(version -> version.getKey() + ": " + version.getValue())
        .toArray(String[]::new);
  }

  /**
   * Returns the versions.
   *
   * @return of what, and which, in the order to be printed
   */
  public static Map<String, String> of() {
    Map<String, String> versions = new LinkedHashMap<>();
    versions.put("stable-ops", System.getProperty("stableops.version", "unpackaged"));
    versions.put("DJL", Engine.getDjlVersion());
    versions.put("PyTorch", Engine.getInstance().getVersion());
    versions.put("ND4J", nd4j());
    versions.put("Java", property("java.vm.name") + " " + property("java.vm.version"));
    versions.put("System", property("os.name") + " " + property("os.arch"));
    versions.put("Processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return versions;
  }

  /** Its manifest is silent. */
  private static String nd4j() {
    Properties properties = new Properties();
    try (InputStream file = Nd4j.class.getResourceAsStream(ND4J_PROPERTIES)) {
      properties.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + ND4J_PROPERTIES, e);
    }
    return properties.getProperty("version");
  }

  private static String property(String name) {
    return System.getProperty(name);
  }
}
