package org.stableops.integration.memory;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/**
 * What glibc (2.33 or later) has given out and not been given back: blocks with their headers, and
 * the few freed ones that a thread keeps for itself. Every native array of both hosts and every
 * direct buffer is malloc's. The size of the process says less: it moves with the allocator's
 * holes, the JVM's stacks and the kernel's pages, and not at all for a leak that fits into a hole.
 */
final class Malloc {
  static {
    Native.register(Malloc.class, Platform.C_LIBRARY_NAME);
  }

  private Malloc() {}

  /** Bytes in use, of all threads, small ones and mapped ones. */
  static long inUse() {
    Info info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }

  private static native Info mallinfo2();

  /** A struct mallinfo2, see mallinfo(3). */
  @FieldOrder({
    "arena", "ordblks", "smblks", "hblks", "hblkhd",
    "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
  })
  public static final class Info extends Structure implements Structure.ByValue {
    public long arena;
    public long ordblks;
    public long smblks;
    public long hblks;
    public long hblkhd;
    public long usmblks;
    public long fsmblks;
    public long uordblks;
    public long fordblks;
    public long keepcost;
  }
}
