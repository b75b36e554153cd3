package org.stableops.djl.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Numbers as arrays. DJL makes an array of a Number for every operation, which takes five times as
 * long as the operation on a small array; these are made once, for arrays of any device and dtype.
 */
final class Constants {
  /** More than formulas and the parameters of a model's layers have. */
  private static final int MOST = 1000;

  private static final Map<Double, NDArray> CONSTANTS = new ConcurrentHashMap<>();

  private Constants() {}

  /** A scalar, which must not be closed. Beside arrays of rank 1 or more, their dtype wins. */
  static NDArray of(double number) {
    NDArray constant = CONSTANTS.get(number);
    if (constant != null) {
      return constant;
    }
    // The surrounding scope owns what is one too many.
    return CONSTANTS.size() < MOST
        ? CONSTANTS.computeIfAbsent(number, Constants::kept)
        : create(number);
  }

  private static NDArray kept(double number) {
    NDArray constant = create(number);
    NDScope.unregister(constant);
    return constant;
  }

  /** A scalar for a number that changes from call to call, which the surrounding scope owns. */
  static NDArray create(double number) {
    return Manager.OF_ALL.create(number);
  }

  /** Lives as long as the class. */
  private static final class Manager {
    static final NDManager OF_ALL = NDManager.newBaseManager(Device.cpu(), "PyTorch");
  }
}
