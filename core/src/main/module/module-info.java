import org.jspecify.annotations.NullMarked;

/** The vocabulary and the kernels that the adapters of both hosts share. */
@NullMarked
module org.stableops.core {
  // Without it, the kernels are plain Java.
  requires static jdk.incubator.vector;
  requires static transitive org.jspecify;

  exports org.stableops;
  exports org.stableops.internal to
      org.stableops.djl,
      org.stableops.nd4j;
  exports org.stableops.kernel to
      org.stableops.djl,
      org.stableops.nd4j;
  exports org.stableops.op to
      org.stableops.djl,
      org.stableops.nd4j;
}
