package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Path;

/** The framework of a saved model. */
enum ModelKind {
  /** What ModelSerializer writes, a file. */
  DL4J {
    @Override
    LoadedModel load(Path directory, String name) throws IOException {
      return Dl4jModel.load(directory.resolve(name));
    }
  },
  /** What StableOpsBlockFactory writes, a directory. */
  DJL {
    @Override
    LoadedModel load(Path directory, String name) throws IOException {
      return DjlModel.load(directory);
    }
  };

  /** Everything is read before this returns: the files may be deleted then. */
  abstract LoadedModel load(Path directory, String name) throws IOException;
}
