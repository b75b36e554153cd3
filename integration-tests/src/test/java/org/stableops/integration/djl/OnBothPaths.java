package org.stableops.integration.djl;

import ai.djl.ndarray.NDManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.stableops.FusedPath;
import org.stableops.integration.host.Path;

/** Runs the tests of a class on both paths, each test with a manager of its own. */
@ParameterizedClass
@EnumSource(Path.class)
abstract class OnBothPaths {
  @Parameter Path path;
  NDManager manager;
  private String pathBefore;

  @BeforeEach
  void switchPath() {
    pathBefore = System.getProperty(FusedPath.PROPERTY, "true");
    System.setProperty(FusedPath.PROPERTY, Boolean.toString(path == Path.FUSED));
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void switchPathBack() {
    manager.close();
    System.setProperty(FusedPath.PROPERTY, pathBefore);
  }
}
