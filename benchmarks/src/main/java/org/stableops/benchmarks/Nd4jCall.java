package org.stableops.benchmarks;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A call on arrays of ND4J.
 *
 * @param inputs what it reads
 * @param call gives the result
 */
record Nd4jCall(List<INDArray> inputs, Supplier<INDArray> call) implements Contestant {
  static final String HOST = "ND4J";

  /** The end of a name. */
  static final String IN_WORKSPACE = " in a workspace";

  /** The same in a workspace, where layers of DL4J call it. */
  private record InWorkspace(Nd4jCall outside) implements Contestant {
    private static final String ID = "BENCHMARK";
    private static final WorkspaceConfiguration CONFIGURATION =
        WorkspaceConfiguration.builder().policyLearning(LearningPolicy.FIRST_LOOP).build();

    @Override
    public Object run() {
      return inside(result -> result);
    }

    @Override
    public float[] numbers() {
      return inside(result -> result.ravel().toFloatVector());
    }

    private <T> T inside(Function<INDArray, T> use) {
      MemoryWorkspace workspace =
          Nd4j.getWorkspaceManager().getAndActivateWorkspace(CONFIGURATION, ID);
      try {
        return use.apply(outside.call.get());
      } finally {
        workspace.close();
      }
    }

    @Override
    public void close() {
      Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
      outside.close();
    }
  }

  Contestant inWorkspace() {
    return new InWorkspace(this);
  }

  static INDArray array(float[] elements, Size size) {
    return Nd4j.createFromArray(elements).reshape(size.shape());
  }

  @Override
  public Object run() {
    INDArray result = call.get();
    result.close();
    return result;
  }

  @Override
  public float[] numbers() {
    try (INDArray result = call.get()) {
      return result.ravel().toFloatVector();
    }
  }

  @Override
  public void close() {
    inputs.forEach(INDArray::close);
  }
}
