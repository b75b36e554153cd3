package org.stableops.nd4j.internal;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The host's arithmetic of two arrays, or of an array and a number, into an array that is there. An
 * array's own methods make an operation, its context and an array of the number every time, which
 * takes four times as long as the arithmetic of a small array; here one of each is made once.
 */
enum Arithmetic {
  ADD("add"),
  SUBTRACT("subtract"),
  MULTIPLY("multiply"),
  DIVIDE("divide"),
  REVERSED_DIVIDE("reversedivide");

  /** A context is of one thread, and freed with it. */
  private static final ThreadLocal<OpContext> CONTEXTS =
      ThreadLocal.withInitial(Arithmetic::newContext);

  private final CustomOp op;

  Arithmetic(String name) {
    op = DynamicCustomOp.builder(name).build();
  }

  private static OpContext newContext() {
    return Nd4j.getExecutioner().buildContext();
  }

  /** Computes of x and y, which broadcasts, and returns the result's array, which may be x. */
  INDArray of(INDArray x, INDArray y, INDArray result) {
    OpContext context = CONTEXTS.get();
    try {
      context.setInputArray(0, x);
      context.setInputArray(1, y);
      context.setOutputArray(0, result);
      Nd4j.getExecutioner().exec(op, context);
      return result;
    } finally {
      context.purge();
    }
  }

  /** The same with a number, of the dtype of x. */
  INDArray of(INDArray x, double y, INDArray result) {
    INDArray constant = Constant.of(y, x.dataType());
    if (constant != null) {
      return of(x, constant, result);
    }
    try (Temporaries temporaries = new Temporaries()) {
      return of(x, temporaries.keep(Nd4j.scalar(x.dataType(), y)), result);
    }
  }

  /** A number of a dtype, as an array that lives as long as the class. */
  private record Constant(double number, DataType type) {
    /** More than formulas and the parameters of a model's layers have. */
    private static final int MOST = 1000;

    private static final Map<Constant, INDArray> ARRAYS = new ConcurrentHashMap<>();

    /** An array, or null for what is one too many. */
    static INDArray of(double number, DataType type) {
      Constant constant = new Constant(number, type);
      INDArray array = ARRAYS.get(constant);
      return array != null || ARRAYS.size() >= MOST
          ? array
          : ARRAYS.computeIfAbsent(constant, Constant::array);
    }

    @SuppressWarnings("try")
    private INDArray array() {
      try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        return Nd4j.scalar(type, number);
      }
    }
  }
}
