package org.stableops.integration;

import java.util.function.Supplier;

/**
 * A call of an operator on arrays that are there already.
 *
 * @param name what is called
 * @param numbers calls it and returns the result's elements; nothing stays of the result itself
 */
public record Call(String name, Supplier<double[]> numbers) {
  @Override
  public String toString() {
    return name;
  }
}
