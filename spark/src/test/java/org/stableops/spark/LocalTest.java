package org.stableops.spark;

import java.util.List;

/** Two tasks at once in the driver's JVM. */
class LocalTest extends OnSpark {
  @Override
  String master() {
    return "local[2]";
  }

  @Override
  List<String> executors() {
    return List.of("driver");
  }
}
