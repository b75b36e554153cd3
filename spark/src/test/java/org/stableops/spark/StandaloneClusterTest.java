package org.stableops.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A master, two workers, a driver, and an executor of each worker: six JVMs. */
class StandaloneClusterTest extends OnSpark {
  private static StandaloneCluster cluster;

  @BeforeAll
  static void start(@TempDir Path logs) throws IOException, InterruptedException {
    cluster = new StandaloneCluster(logs);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  String master() {
    return cluster.master();
  }

  @Override
  List<String> executors() {
    return List.of("0", "1");
  }
}
