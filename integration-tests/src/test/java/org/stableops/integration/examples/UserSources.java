package org.stableops.integration.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The sources of what users see: not those of packages that are marked as internal. */
final class UserSources {
  static final List<String> MODULES = List.of("core", "djl-ops", "nd4j-ops");

  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Set<String> INTERNAL = Set.of("internal", "kernel", "op");

  private UserSources() {}

  static List<Path> of(String module) throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
      return files.filter(UserSources::isForUsers).sorted().toList();
    }
  }

  private static boolean isForUsers(Path file) {
    return file.toString().endsWith(".java")
        && !INTERNAL.contains(file.getParent().getFileName().toString());
  }
}
