package org.stableops.integration.djl;

import java.util.TreeSet;
import org.stableops.integration.Call;
import org.stableops.integration.oracle.Format;

/**
 * Calls every operator where DJL is too old for them, and fails unless each says so. A main
 * program, for UnsupportedDjlTest and .ci/djl-versions.
 */
final class EveryCallOnOldDjl {
  private EveryCallOnOldDjl() {}

  /** Prints what the operators say, which is the same for all. */
  public static void main(String[] none) {
    TreeSet<String> messages = new TreeSet<>();
    int refused = 0;
    try (DjlCalls calls = new DjlCalls(Format.FLOAT32, 3, 5)) {
      for (Call call : calls.all()) {
        try {
          call.numbers().get();
          System.out.println(call + " was computed");
        } catch (UnsupportedOperationException e) {
          refused++;
          messages.add(e.getMessage());
        } catch (LinkageError e) {
          System.out.println(call + ": " + e);
        }
      }
      messages.forEach(System.out::println);
      System.out.println(refused + " of " + calls.all().size() + " calls were refused");
      System.exit(refused == calls.all().size() && messages.size() == 1 ? 0 : 1);
    }
  }
}
