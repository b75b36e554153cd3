package org.stableops.benchmarks;

import ai.djl.ndarray.NDArray;
import org.stableops.djl.internal.TorchScript;

/** What libtorch has fused and DJL does not offer. */
final class Torch {
  /** Never closed: it is used until the JVM ends. */
  private static final TorchScript METHODS =
      TorchScript.of(
          """
          def softplus(self, x: Tensor) -> Tensor:
            return torch.softplus(x)
          def cross_entropy(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.cross_entropy_loss(x, y)
          def linear_cross_entropy(self, h: Tensor, w: Tensor, b: Tensor, y: Tensor) -> Tensor:
            return torch.cross_entropy_loss(torch.linear(h, w, b), y)
          """);

  private Torch() {}

  static NDArray call(String method, NDArray... arguments) {
    return METHODS.call(method, arguments);
  }
}
