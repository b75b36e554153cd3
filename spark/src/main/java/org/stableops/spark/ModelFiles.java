package org.stableops.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A saved model on its way to the executors, which get it by Spark's broadcast: from each other,
 * once each.
 *
 * @param id tells this model from others, in every JVM
 * @param kind of the model
 * @param name of its file or directory
 * @param files their bytes by their names
 */
record ModelFiles(UUID id, ModelKind kind, String name, TreeMap<String, byte[]> files)
    implements Serializable {
  private static final long serialVersionUID = 1;

  static ModelFiles read(ModelKind kind, Path path) throws IOException {
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (Path file : Files.isDirectory(path) ? filesIn(path) : List.of(path)) {
      files.put(file.getFileName().toString(), Files.readAllBytes(file));
    }
    return new ModelFiles(UUID.randomUUID(), kind, path.getFileName().toString(), files);
  }

  private static List<Path> filesIn(Path directory) throws IOException {
    try (Stream<Path> paths = Files.list(directory)) {
      return paths.filter(Files::isRegularFile).toList();
    }
  }

  LoadedModel load() throws IOException {
    Path directory = Files.createTempDirectory("model");
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Files.write(directory.resolve(file.getKey()), file.getValue());
      }
      return kind.load(directory, name);
    } finally {
      delete(directory);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
