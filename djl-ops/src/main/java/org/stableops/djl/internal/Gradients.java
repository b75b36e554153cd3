package org.stableops.djl.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;

/**
 * libtorch's torch.autograd.grad, which returns gradients where backward adds them to those of the
 * leaves. DJL reaches it by TorchScript alone. Its JniUtils.backward has createGraph too, but then
 * a leaf owns its gradient, and this the graph that owns the leaf: neither is ever freed.
 */
public final class Gradients {
  /** libtorch gives none where the target does not depend on an array. */
  private static final String SOURCE =
      """
      def %s(self, target: Tensor, arrays: List[Tensor]) -> List[Tensor]:
        found = torch.grad([target], arrays, None, True, %s, True)
        gradients = annotate(List[Tensor], [])
        for i in range(torch.len(arrays)):
          gradient = found[i]
          if torch.__is__(gradient, None):
            result = torch.zeros_like(arrays[i])
          else:
            result = unchecked_cast(Tensor, gradient)
          _0 = torch.append(gradients, result)
        return gradients
      """;

  /** For as long as the JVM lives. */
  private static final TorchScript METHODS =
      TorchScript.of(SOURCE.formatted("recorded", "True") + SOURCE.formatted("last", "False"));

  private Gradients() {}

  /** The gradients of a scalar in a graph to arrays that want them, as functions of these. */
  public static NDList recorded(NDArray target, NDList arrays) {
    return call("recorded", target, arrays);
  }

  /** The same outside any graph. */
  public static NDList last(NDArray target, NDList arrays) {
    return call("last", target, arrays);
  }

  private static NDList call(String method, NDArray target, NDList arrays) {
    if (arrays.isEmpty()) {
      return new NDList();
    }
    NDList arguments = new NDList(handles(target.getManager(), target));
    NDArray[] list = handles(target.getManager(), arrays.toArray(NDArray[]::new));
    for (NDArray array : list) {
      array.setName("arrays[]");
      arguments.add(array);
    }
    return METHODS.callWithLists(method, arguments);
  }

  /** The same tensors in arrays of our own, as DJL goes by the names of arguments. */
  private static NDArray[] handles(NDManager manager, NDArray... arrays) {
    PtNDArray[] tensors = Arrays.copyOf(arrays, arrays.length, PtNDArray[].class);
    try (IValue list = IValue.listFrom(tensors)) {
      return list.toTensorArray((PtNDManager) manager);
    }
  }
}
