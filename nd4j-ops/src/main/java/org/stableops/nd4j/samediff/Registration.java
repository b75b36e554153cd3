package org.stableops.nd4j.samediff;

import org.nd4j.linalg.env.EnvironmentalAction;
import org.stableops.nd4j.StableOps;

/**
 * Registers the operators when ND4J starts: ND4J makes one of every {@link EnvironmentalAction}
 * that META-INF/services names.
 */
public final class Registration implements EnvironmentalAction {
  /** Registers the operators. */
  public Registration() {
    StableOps.register();
  }

  /** Returns a variable that nobody sets, for there is nothing to configure. */
  @Override
  public String targetVariable() {
    return "STABLEOPS";
  }

  @Override
  public void process(String value) {}
}
