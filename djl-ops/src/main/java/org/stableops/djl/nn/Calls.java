package org.stableops.djl.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a block asks of its input in {@code forward}: DJL's blocks keep most of their settings to
 * themselves, but hand all of them to methods of the input. The input is a symbol, which computes
 * nothing, writes down every call, and answers with further symbols.
 *
 * <p>Functions that make equal calls for inputs of several shapes, and return the results of the
 * same ones, are equal: a symbol has no values to depend on.
 */
final class Calls {
  /** What stands for a symbol among arguments; the input is number 0. */
  private record Numbered(int number) {}

  /** A call of a symbol's method. */
  record Call(int symbol, String method, List<Object> arguments) {
    <T> T argument(int index, Class<T> type) {
      return type.cast(arguments.get(index));
    }
  }

  private final List<Call> calls = new ArrayList<>();
  private final NDManager manager;
  private final Shape shape;
  private int symbols;

  /** Null where the block failed. */
  private Object results;

  private Calls(NDManager manager, Shape shape) {
    this.manager = manager;
    this.shape = shape;
  }

  /** Returns the calls for an input of a shape; where the block fails, those before. */
  static Calls of(Block block, Shape shape) {
    return of(block, shape, 1);
  }

  /** The same for several inputs of one shape. */
  static Calls of(Block block, Shape shape, int inputs) {
    try (NDManager manager = NDManager.newBaseManager(device(block))) {
      Calls calls = new Calls(manager, shape);
      calls.run(block, inputs);
      return calls;
    }
  }

  /** Where the parameters are, so that none is copied. */
  private static Device device(Block block) {
    List<Parameter> parameters = block.getParameters().values();
    return parameters.isEmpty() ? Device.cpu() : parameters.get(0).getArray().getDevice();
  }

  private void run(Block block, int inputs) {
    NDList input = new NDList();
    for (int i = 0; i < inputs; i++) {
      input.add(symbol());
    }
    try {
      results = written(block.forward(new ParameterStore(manager, false), input, false));
    } catch (RuntimeException asksForMore) {
      results = null;
    }
  }

  Optional<Call> first(String method) {
    return calls.stream().filter(call -> call.method().equals(method)).findFirst();
  }

  int count(String method) {
    return (int) calls.stream().filter(call -> call.method().equals(method)).count();
  }

  /** Tells whether both came to an end, by the same calls. */
  boolean areSameAs(Calls other) {
    return results != null && results.equals(other.results) && calls.equals(other.calls);
  }

  /** Tells whether both failed. */
  boolean failAs(Calls other) {
    return results == null && other.results == null;
  }

  private NDArray symbol() {
    return new Symbol(symbols++).array;
  }

  /** In a form that can be compared. */
  private static Object written(Object value) {
    if (value instanceof NDList list) {
      return list.stream().map(Calls::written).toList();
    }
    if (value instanceof NDArray array) {
      // A computed array is equal to nothing: nobody knows what of.
      return Symbol.of(array).<Object>map(symbol -> symbol.number).orElseGet(Object::new);
    }
    if (value instanceof Object[] objects) {
      return Arrays.asList(Arrays.stream(objects).map(Calls::written).toArray());
    }
    if (value instanceof long[] numbers) {
      return Arrays.stream(numbers).boxed().toList();
    }
    return value instanceof int[] numbers ? Arrays.stream(numbers).boxed().toList() : value;
  }

  /** An array without values. */
  private final class Symbol implements InvocationHandler {
    private final Numbered number;
    private final NDArray array = proxy(NDArray.class);
    private final NDArrayEx internal = proxy(NDArrayEx.class);

    Symbol(int number) {
      this.number = new Numbered(number);
    }

    static Optional<Symbol> of(NDArray array) {
      return Proxy.isProxyClass(array.getClass())
              && Proxy.getInvocationHandler(array) instanceof Symbol symbol
          ? Optional.of(symbol)
          : Optional.empty();
    }

    private <T> T proxy(Class<T> type) {
      return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, this));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) {
      return switch (method.getName()) {
        case "getNDArrayInternal" -> internal;
        case "getArray" -> array;
        case "equals" -> proxy == arguments[0];
        case "hashCode" -> number.hashCode();
        case "toString" -> number.toString();
        default -> call(method, arguments == null ? new Object[0] : arguments);
      };
    }

    private Object call(Method method, Object[] arguments) {
      List<Object> written = Arrays.stream(arguments).map(Calls::written).toList();
      calls.add(new Call(number.number(), method.getName(), written));
      if (method.getName().equals("size")) {
        return arguments.length == 0 ? shape.size() : shape.get((int) arguments[0]);
      }
      return answer(method.getReturnType());
    }

    private Object answer(Class<?> type) {
      if (type == NDArray.class) {
        return symbol();
      }
      if (type == NDList.class) {
        return new NDList(symbol());
      }
      if (type == Shape.class) {
        return shape;
      }
      if (type == NDManager.class) {
        return manager;
      }
      if (type == Device.class) {
        return manager.getDevice();
      }
      if (type == DataType.class) {
        return DataType.FLOAT32;
      }
      if (type == void.class || type == String.class) {
        // Names are of no use to a block.
        return null;
      }
      throw new UnsupportedOperationException("a symbol has no " + type);
    }
  }
}
