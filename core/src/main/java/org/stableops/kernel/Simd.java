package org.stableops.kernel;

/** Chooses, once, between plain Java and SIMD. */
final class Simd {
  private Simd() {}

  static FloatTileMath floatTileMath() {
    return new JavaFloatTileMath();
  }

  static DoubleTileMath doubleTileMath() {
    return new JavaDoubleTileMath();
  }
}
