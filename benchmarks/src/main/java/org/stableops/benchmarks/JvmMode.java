package org.stableops.benchmarks;

import java.util.List;
import java.util.Locale;

/** How the JVM is started. */
enum JvmMode {
  /** As everybody starts it. */
  PLAIN(List.of()),
  /** With the incubating Vector API. */
  FLAG(List.of("--add-modules", "jdk.incubator.vector"));

  static final List<JvmMode> ALL = List.of(values());

  final List<String> arguments;

  JvmMode(List<String> arguments) {
    this.arguments = arguments;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
