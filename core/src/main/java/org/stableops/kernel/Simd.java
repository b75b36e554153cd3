package org.stableops.kernel;

import java.lang.System.Logger;
import java.util.Arrays;
import java.util.Locale;

/**
 * Chooses, once, between plain Java and the incubating Vector API: the latter if the JVM was
 * started with its module, the system property does not forbid it, it computes the same bits, and
 * the JVM has its second compiler, for to others every vector is an object; the system property may
 * demand it even so.
 */
public final class Simd {
  /** The system property that forbids the Vector API by false or demands it by true; read once. */
  static final String PROPERTY = "stableops.simd";

  private static final String MODULE = "jdk.incubator.vector";
  private static final int SAMPLE = 256;
  private static final boolean IS_USED = choose();

  private Simd() {}

  public static boolean isUsed() {
    return IS_USED;
  }

  static FloatTileMath floatTileMath() {
    return IS_USED ? vector("VectorFloatTileMath") : new JavaFloatTileMath();
  }

  static DoubleTileMath doubleTileMath() {
    return IS_USED ? vector("VectorDoubleTileMath") : new JavaDoubleTileMath();
  }

  private static boolean choose() {
    boolean isThere = ModuleLayer.boot().findModule(MODULE).isPresent();
    boolean isUsed = isThere && isWanted() && hasTheSameBits();
    Logger logger = System.getLogger(Simd.class.getPackageName());
    logger.log(
        Logger.Level.DEBUG,
        isUsed
            ? "kernels use " + MODULE
            : "kernels use plain Java: module {0} is {1}, property {2} is {3}, the JVM is {4}",
        MODULE,
        isThere ? "there" : "not there",
        PROPERTY,
        System.getProperty(PROPERTY),
        vmInfo());
    return isUsed;
  }

  /** As the property says; else where the JVM has its second compiler. */
  private static boolean isWanted() {
    String wanted = System.getProperty(PROPERTY, "");
    return switch (wanted.toLowerCase(Locale.ROOT)) {
      case "false" -> false;
      case "true" -> true;
      default -> hasSecondCompiler(vmInfo());
    };
  }

  private static String vmInfo() {
    return System.getProperty("java.vm.info", "");
  }

  /** Not so with -XX:TieredStopAtLevel=1, by which some IDEs start programs, and with -Xint. */
  static boolean hasSecondCompiler(String vmInfo) {
    return !vmInfo.contains("emulated-client") && !vmInfo.contains("interpreted");
  }

  /** Compares a sample, as a guard against a JVM on which the Vector API is at fault. */
  private static boolean hasTheSameBits() {
    try {
      FloatTileMath floats = vector("VectorFloatTileMath");
      DoubleTileMath doubles = vector("VectorDoubleTileMath");
      return sample(new JavaFloatTileMath()) == sample(floats)
          && sample(new JavaDoubleTileMath()) == sample(doubles);
    } catch (LinkageError e) {
      System.getLogger(Simd.class.getPackageName())
          .log(Logger.Level.WARNING, "kernels use plain Java, for " + MODULE + " failed", e);
      return false;
    }
  }

  /** By name, for a JVM without the module cannot load the class. */
  @SuppressWarnings("unchecked")
  private static <T> T vector(String name) {
    try {
      Class<?> type = Class.forName(Simd.class.getPackageName() + "." + name);
      return (T) type.getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  private static int sample(FloatTileMath math) {
    float[] x = new float[Tiles.SIZE];
    float[] t = new float[Tiles.SIZE];
    for (int i = 0; i < SAMPLE; i++) {
      x[i] = 0.7f * (i - SAMPLE / 2);
      t[i] = (float) i / SAMPLE;
    }
    float[] max = new float[Tiles.SIZE];
    Arrays.fill(max, x[SAMPLE - 1]);
    float[] out = new float[Tiles.SIZE];
    int hash = 0;
    math.exp(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expOfMinus(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expm1(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.log1p(t, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.logExpm1(x, t, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expOfDifference(x, max, out, SAMPLE);
    return 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
  }

  private static int sample(DoubleTileMath math) {
    double[] x = new double[Tiles.SIZE];
    double[] t = new double[Tiles.SIZE];
    for (int i = 0; i < SAMPLE; i++) {
      x[i] = 0.7 * (i - SAMPLE / 2);
      t[i] = (double) i / SAMPLE;
    }
    double[] max = new double[Tiles.SIZE];
    Arrays.fill(max, x[SAMPLE - 1]);
    double[] out = new double[Tiles.SIZE];
    int hash = 0;
    math.exp(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expOfMinus(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expm1(x, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.log1p(t, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.log(t, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.logExpm1(x, t, out, SAMPLE);
    hash = 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
    math.expOfDifference(x, max, out, SAMPLE);
    return 31 * hash + Arrays.hashCode(Arrays.copyOf(out, SAMPLE));
  }
}
