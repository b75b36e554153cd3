package org.stableops.integration.threads;

import java.util.concurrent.ThreadFactory;
import java.util.zip.CRC32;
import org.stableops.integration.Effort;
import org.stableops.integration.djl.DjlCalls;
import org.stableops.integration.nd4j.Nd4jCalls;
import org.stableops.integration.oracle.Format;

/**
 * The main class of a JVM that loads both hosts in the order of its arguments, or at the same
 * moment, calls every operator of them in many threads at once, and prints a sum of all bits.
 */
final class OneJvm {
  private static final int THREADS = 4;

  /** Many, for work that is shared among the common pool, where that has threads. */
  private static final int ROWS = Effort.of(4, 24);

  private OneJvm() {}

  /** Takes the kind of threads, {@code platform} or {@code virtual}, and the hosts in order. */
  public static void main(String[] arguments) throws Exception {
    ThreadFactory factory = arguments[0].equals("virtual") ? virtualThreads() : Thread::new;
    Bits[] bits = new Bits[2];
    if (arguments.length == 2) {
      Together.run(2, host -> bits[host] = host == 0 ? djl() : nd4j());
    } else {
      for (int i = 1; i < 3; i++) {
        int host = arguments[i].equals("djl") ? 0 : 1;
        bits[host] = host == 0 ? djl() : nd4j();
      }
    }
    Together.run(THREADS, factory, thread -> bits[thread % 2].check(thread / 2, THREADS / 2));
    System.out.println(sums(bits[0], bits[1]));
    // Threads of the hosts may live on.
    System.exit(0);
  }

  static Bits djl() throws Exception {
    return Bits.alone(new DjlCalls(Format.FLOAT32, ROWS, 1024).all());
  }

  static Bits nd4j() throws Exception {
    return Bits.alone(new Nd4jCalls(Format.FLOAT32, ROWS, 1024).all());
  }

  static String sums(Bits djl, Bits nd4j) {
    return "djl=" + sum(djl) + " nd4j=" + sum(nd4j);
  }

  private static String sum(Bits bits) {
    CRC32 sum = new CRC32();
    for (double[] numbers : bits.expected()) {
      for (double number : numbers) {
        long word = Double.doubleToLongBits(number);
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
          sum.update((int) (word >>> shift) & 0xFF);
        }
      }
    }
    return Long.toHexString(sum.getValue());
  }

  /** By reflection, for JDK 17 has none. */
  private static ThreadFactory virtualThreads() throws ReflectiveOperationException {
    Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
    Class<?> type = Class.forName("java.lang.Thread$Builder");
    return (ThreadFactory) type.getMethod("factory").invoke(builder);
  }
}
