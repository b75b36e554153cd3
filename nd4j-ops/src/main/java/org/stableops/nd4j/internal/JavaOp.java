package org.stableops.nd4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOpDescriptor;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.op.Stored;

/**
 * An op whose forward pass is Java, which ND4J 1.0.0-M2.1 has no place for. All that rests on its
 * inner workings is here, and pinned by canary tests.
 *
 * <p>Before it executes a custom op, SameDiff asks for its output shapes with the context that will
 * hold the arrays, and the executioner then asks for its hash, on the same thread, just before the
 * native call. This op remembers the context at the first question, computes at the second, and
 * answers with the hash of the native op {@code noop}. As {@code noop} demands that inputs and
 * outputs have equal dtypes, the context's first input is replaced by the output.
 *
 * <p>The configuration is in the op's T and I arguments, which survive cloning, saving and loading;
 * a public constructor without arguments lets the registry make a blank op for them.
 */
public abstract class JavaOp extends DynamicCustomOp {
  private static final String NOOP = "noop";

  private final transient ThreadLocal<OpContext> pending = new ThreadLocal<>();
  private final String name;

  /** A blank op, for the registry or for {@link #output}. */
  protected JavaOp(String name) {
    this.name = name;
  }

  /** Puts the blank op, which has all its arguments, into the graph of its inputs. */
  protected final SDVariable output(SDVariable... inputs) {
    return outputs(inputs)[0];
  }

  /** The same of an op with several outputs. */
  protected final SDVariable[] outputs(SDVariable... inputs) {
    requireVariables(inputs);
    sameDiff = inputs[0].getSameDiff();
    // The inherited constructors ask for opName() before there is one; so this is done here again.
    ownName = null;
    setInstanceId();
    sameDiff.addArgsFor(inputs, this);
    return outputVariables();
  }

  /** This op and those that its gradient is made of, for the registry. */
  public List<JavaOp> family() {
    return List.of(this);
  }

  /** The variable, checked. */
  static SDVariable variable(String name, SDVariable variable) {
    if (variable == null) {
      throw new IllegalArgumentException(name + " must be a variable, got null");
    }
    return variable;
  }

  /** Inputs, and behind them sample weights if there are any. */
  static List<SDVariable> withWeights(SDVariable[] inputs, @Nullable SDVariable sampleWeights) {
    List<SDVariable> all = new ArrayList<>(Arrays.asList(inputs));
    if (sampleWeights != null) {
      all.add(sampleWeights);
    }
    return all;
  }

  final void requireVariables(SDVariable... inputs) {
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] == null) {
        throw new IllegalArgumentException(
            "input %d of %s must be a variable, got null".formatted(i, name));
      }
      if (inputs[i].getSameDiff() != inputs[0].getSameDiff()) {
        throw new IllegalArgumentException(
            "input %d of %s must be a variable of the same graph as the first one, got %s"
                .formatted(i, name, inputs[i].name()));
      }
    }
  }

  /** The shape of the only output: that of the first input, unless an op has another. */
  protected long[] outputShape(List<INDArray> inputs) {
    return inputs.get(0).shape();
  }

  /** The shapes of all outputs, which an op that has several overrides. */
  protected List<long[]> outputShapes(List<INDArray> inputs) {
    return List.of(outputShape(inputs));
  }

  /** Computes the only output, which is uninitialised. Keeps neither its inputs nor its output. */
  protected abstract void forward(List<INDArray> inputs, INDArray output);

  /** Computes all outputs, which an op that has several overrides. */
  protected void forward(List<INDArray> inputs, List<INDArray> outputs) {
    compute(inputs, outputs.get(0));
  }

  /** As a loss variable a value gets a scalar upstream, which counts for all elements. */
  protected static INDArray upstreamLike(INDArray x, INDArray upstream, Temporaries temporaries) {
    return upstream.rank() == x.rank()
        ? upstream
        : temporaries.keep(Nd4j.valueArrayOf(x.shape(), upstream.getDouble(0), x.dataType()));
  }

  /** Whether the output is upstream times a gradient, which half types must not round before. */
  protected boolean isProduct() {
    return false;
  }

  private void compute(List<INDArray> inputs, INDArray output) {
    if (!isProduct() || Halves.wideType(output.dataType()) == output.dataType()) {
      forward(inputs, output);
      return;
    }
    try (Temporaries temporaries = new Temporaries()) {
      List<INDArray> wide = inputs.stream().map(input -> widened(input, temporaries)).toList();
      DataType type = Halves.wideType(output.dataType());
      INDArray product =
          temporaries.keep(Nd4j.createUninitialized(type, output.shape(), output.ordering()));
      forward(wide, product);
      output.assign(product);
    }
  }

  private static INDArray widened(INDArray input, Temporaries temporaries) {
    return temporaries.keepUnless(input, input.castTo(Halves.wideType(input.dataType())));
  }

  @Override
  public final String opName() {
    return name;
  }

  @Override
  public int getNumOutputs() {
    return 1;
  }

  /** The T arguments, of which an op from a file may have another number. */
  protected final double[] numbers(int least, int most) {
    double[] numbers = tArgs();
    requireCount("T", numbers.length, least, most);
    return numbers;
  }

  /** The I arguments, of which an op from a file may have another number. */
  protected final long[] integers(int least, int most) {
    long[] integers = iArgs();
    requireCount("I", integers.length, least, most);
    return integers;
  }

  private void requireCount(String kind, int count, int least, int most) {
    if (count < least || count > most) {
      String expected = least == most ? "exactly " + least : least + " to " + most;
      throw new IllegalArgumentException(
          "%s must have %s %s arguments, got %d".formatted(name, expected, kind, count));
    }
  }

  /** An argument that is the number of one of a few choices. */
  protected final <T> T choice(T[] choices, double number) {
    return Stored.choice(name, choices, number);
  }

  /** Refuses, as a gradient op does that is asked for its own gradient. */
  @Override
  public List<SDVariable> doDiff(List<SDVariable> upstream) {
    throw new UnsupportedOperationException(name + " has no second derivative");
  }

  /** The dtype of the first input, logits or x. */
  @Override
  public final List<DataType> calculateOutputDataTypes(List<DataType> inputTypes) {
    return Collections.nCopies(getNumOutputs(), inputTypes.get(0));
  }

  @Override
  public final List<LongShapeDescriptor> calculateOutputShape() {
    return outputDescriptors(inputArguments);
  }

  @Override
  public final List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
    if (context == null) {
      return calculateOutputShape();
    }
    // First what may throw: no context may stay behind.
    List<LongShapeDescriptor> descriptors = outputDescriptors(context.getInputArrays());
    pending.set(context);
    context.shapeFunctionOverride(true);
    return descriptors;
  }

  private List<LongShapeDescriptor> outputDescriptors(List<INDArray> inputs) {
    DataType type = inputs.get(0).dataType();
    return outputShapes(inputs).stream()
        .map(shape -> LongShapeDescriptor.fromShape(shape, type))
        .toList();
  }

  /** Called first by Nd4j.exec, which expects the op to have outputs by then. */
  @Override
  public final int numOutputArguments() {
    if (outputArguments.isEmpty() && !inputArguments.isEmpty()) {
      calculateOutputShape().forEach(output -> outputArguments.add(Nd4j.create(output, false)));
    }
    return outputArguments.size();
  }

  @Override
  public final long opHash() {
    OpContext context = pending.get();
    if (context != null) {
      pending.remove();
      List<INDArray> outputs = context.getOutputArrays();
      forward(context.getInputArrays(), outputs);
      context.setInputArray(0, outputs.get(0));
    } else if (!inputArguments.isEmpty()) {
      forward(inputArguments, outputArguments);
    }
    return Nd4j.getExecutioner().getCustomOperations().get(NOOP).getHash();
  }

  @Override
  public final CustomOpDescriptor getDescriptor() {
    return null;
  }

  @Override
  public final void assertValidForExecution() {}

  @Override
  public final Map<String, Object> propertiesForFunction() {
    return Map.of();
  }

  @Override
  public final void setPropertiesForFunction(Map<String, Object> properties) {}

  @Override
  public final void configureFromArguments() {}
}
