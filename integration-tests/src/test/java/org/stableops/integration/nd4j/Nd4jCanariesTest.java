package org.stableops.integration.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOpDescriptor;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Expm1;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * What is wrong in ND4J 1.0.0-M2.1, or merely so, and our code depends on. A failure here is news
 * of the host: the code that a test names may then be made simpler, or has to be looked at.
 */
final class Nd4jCanariesTest {
  // ---- primitives that the composites do without

  /** Why Softplus exists, and SameDiff's own is not used anywhere. */
  @Test
  void softplusOverflowsAt89InFloat() {
    INDArray x = Nd4j.createFromArray(88f, 89f, -20f);
    INDArray softplus = Transforms.softPlus(x, true);
    assertEquals(88, softplus.getDouble(0), 1e-4);
    assertEquals(Double.POSITIVE_INFINITY, softplus.getDouble(1));
    assertEquals(0, softplus.getDouble(2), "2e-9 is right");
  }

  /**
   * Why ElementwiseOp.computeOne, Primitives.multiplyByUpstream and AlongAxis.twice are there: an
   * array of one element counts as a number.
   */
  @Test
  void theNumberNanBecomesASmallOne() {
    INDArray x = Nd4j.createFromArray(1.0, 2.0);
    assertEquals(1e-5, x.mul(Double.NaN).getDouble(0), 1e-12);
    INDArray column = Nd4j.createFromArray(Double.NaN).reshape(1, 1);
    assertEquals(1e-5, x.reshape(1, 2).mulColumnVector(column).getDouble(0), 1e-12);
  }

  /** Why the composite of softplus's inverse goes by sinh: expm1 is exp(x) − 1. */
  @Test
  void expm1IsNaive() {
    INDArray x = Nd4j.createFromArray(1e-9);
    INDArray expm1 = Nd4j.exec(new Expm1(x, Nd4j.create(DataType.DOUBLE, 1)));
    assertTrue(ulps(Math.expm1(1e-9), expm1.getDouble(0)) > 1e6);
  }

  /** Why Primitives.log1p goes by atanh, and SoftmaxComposite has its own. */
  @Test
  void log1pIsNaive() {
    INDArray x = Nd4j.createFromArray(1e-9);
    INDArray log1p = Transforms.log1p(x, true);
    assertTrue(ulps(Math.log1p(1e-9), log1p.getDouble(0)) > 1e6);
  }

  /** Why softplus's inverse has not the branch-free form with tanh. */
  @Test
  void tanhIsInaccurate() {
    INDArray x = Nd4j.createFromArray(1e-3f, 1e-5f, 0.01f);
    INDArray tanh = Transforms.tanh(x, true);
    double worst = 0;
    for (int i = 0; i < 3; i++) {
      double exact = Math.tanh(x.getDouble(i));
      worst = Math.max(worst, Math.abs(tanh.getDouble(i) - exact) / Math.ulp((float) exact));
    }
    assertTrue(worst > 10, "errs by " + worst);
  }

  /** Why SoftmaxComposite subtracts the maximum itself. */
  @Test
  void logSoftmaxIsTheLogOfSoftmax() {
    INDArray z = Nd4j.createFromArray(new float[][] {{0, 104}});
    INDArray result = Nd4j.create(DataType.FLOAT, 1, 2);
    Nd4j.exec(DynamicCustomOp.builder("log_softmax").addInputs(z).addOutputs(result).build());
    assertEquals(Double.NEGATIVE_INFINITY, result.getDouble(0, 0), "-104 is right");
  }

  /** Why Nd4jAlgebra finds the largest of a row by argmax. */
  @Test
  void maxOfARowDropsNan() {
    INDArray z = Nd4j.createFromArray(new double[][] {{1, Double.NaN, 2}, {Double.NaN, 1, 0}});
    assertArrayEquals(new double[] {2, 1}, Elements.of(z.max(1)));
  }

  /** Why Squareplus asks isNaN at the end of its gradient. */
  @Test
  void elementwiseMaxAndMinDropNan() {
    INDArray x = Nd4j.createFromArray(Double.NaN, 1);
    assertEquals(3, Transforms.max(x, 3, true).getDouble(0));
    assertEquals(3, Transforms.min(x, 3, true).getDouble(0));
    INDArray threes = Nd4j.createFromArray(3.0, 3);
    assertEquals(3, Transforms.max(x, threes, true).getDouble(0));
  }

  /** Why Primitives.relu is relu and not max(x, 0). */
  @Test
  void reluKeepsNan() {
    INDArray x = Nd4j.createFromArray(Double.NaN, -1, 2);
    assertArrayEquals(new double[] {Double.NaN, 0, 2}, Elements.of(Transforms.relu(x, true)));
  }

  /** Why Primitives.rowSums folds. */
  @Test
  void sumsAreSequentialAndLoseDigits() {
    double[] terms = new double[50_000];
    BigDecimal exact = BigDecimal.ZERO;
    for (int i = 0; i < terms.length; i++) {
      terms[i] = Math.exp(Math.sin(i));
      exact = exact.add(new BigDecimal(terms[i]));
    }
    INDArray row = Nd4j.createFromArray(terms).reshape(1, terms.length);
    double sum = row.sum(true, 1).getDouble(0);
    double error = ulps(exact.doubleValue(), sum);
    System.out.println("ND4J's sum of 50,000 doubles errs by " + error + " ulp");
    assertTrue(error > 8, "errs by " + error);
  }

  /** A loss of bfloat16 made by Nd4j.scalar is not rounded to nearest; see CrossEntropy.arrayOf. */
  @Test
  void scalarsOfBfloat16AreTruncatedWhileCastsRound() {
    double x = 1 + 0x1p-7 - 0x1p-15;
    assertEquals(1, Nd4j.scalar(DataType.BFLOAT16, x).getDouble(0));
    assertEquals(1 + 0x1p-7, Nd4j.createFromArray(x).castTo(DataType.BFLOAT16).getDouble(0));
  }

  /** Why a result must not be a reshaped array: only the garbage collector can free that. */
  @Test
  void closingAViewFreesNothing() {
    INDArray view = Nd4j.create(DataType.DOUBLE, 4).reshape('c', 2, 2);
    assertFalse(view.closeable());
    view.close();
    assertFalse(view.wasClosed());
  }

  /** Why CrossEntropy reshapes by arrays of sizes. */
  @Test
  void reshapeToOneLongHasTheOrderAsASize() {
    INDArray x = Nd4j.zeros(DataType.DOUBLE, 99, 2);
    assertArrayEquals(new long[] {99, 2}, x.reshape('c', 2).shape());
    assertArrayEquals(new long[] {198}, x.reshape('c', new long[] {198}).shape());
  }

  /** What the composites are made of; the error bars of their Javadoc rest on it. */
  @Test
  void goodPrimitivesStayGood() {
    assertGood("exp", -80, 80, StrictMath::exp, x -> Transforms.exp(x, true));
    assertGood("log", 1e-30, 1e3, StrictMath::log, x -> Transforms.log(x, true));
    assertGood("sqrt", 0, 1e3, StrictMath::sqrt, x -> Transforms.sqrt(x, true));
    assertGood("sinh", -40, 40, StrictMath::sinh, x -> Transforms.sinh(x, true));
    assertGood("atanh", -0.4, 0.4, Nd4jCanariesTest::atanh, x -> Transforms.atanh(x, true));
  }

  private static double atanh(double x) {
    return 0.5 * (StrictMath.log1p(x) - StrictMath.log1p(-x));
  }

  private static void assertGood(
      String name, double from, double to, DoubleUnaryOperator exact, UnaryOperator<INDArray> op) {
    int count = 4000;
    float[] points = new float[count];
    for (int i = 0; i < count; i++) {
      // Half of them spread evenly, half close to 0, or to the lower end of what is positive.
      double t = (i + 0.5) / count;
      points[i] = (float) (i % 2 == 0 ? from + t * (to - from) : to * Math.pow(10, -20 * t));
    }
    INDArray floats = Nd4j.createFromArray(points);
    INDArray inFloat = op.apply(floats);
    INDArray inDouble = op.apply(floats.castTo(DataType.DOUBLE));
    double floatError = 0;
    double doubleError = 0;
    for (int i = 0; i < count; i++) {
      double truth = exact.applyAsDouble(points[i]);
      floatError =
          Math.max(floatError, Math.abs(inFloat.getDouble(i) - truth) / Math.ulp((float) truth));
      doubleError = Math.max(doubleError, ulps(truth, inDouble.getDouble(i)));
    }
    System.out.printf("ND4J %s: %.2f ulp float, %.2f double%n", name, floatError, doubleError);
    assertTrue(floatError <= 2.5, name + " float " + floatError);
    // StrictMath itself is only right to 1 ulp (sinh: 2.5).
    assertTrue(doubleError <= 4, name + " double " + doubleError);
  }

  // ---- SameDiff

  /** Why a cross-entropy's gradient op of our own multiplies by upstream. */
  @Test
  void builtInCrossEntropyIgnoresTheUpstreamGradient() {
    INDArray once = builtInGradient(1);
    INDArray thrice = builtInGradient(3);
    assertTrue(once.amaxNumber().doubleValue() > 0.1);
    assertEquals(once, thrice, "three times that is right");
  }

  private static INDArray builtInGradient(double factor) {
    SameDiff graph = SameDiff.create();
    SDVariable z = graph.var("z", Nd4j.createFromArray(new double[][] {{1, 2, 3}}));
    SDVariable y = graph.constant("y", Nd4j.createFromArray(new double[][] {{1, 0, 0}}));
    SDVariable loss = graph.loss.softmaxCrossEntropy("ce", y, z, null);
    loss.mul(factor).rename("loss");
    graph.setLossVariables("loss");
    return graph.calculateGradients(Map.of(), "z").get("z");
  }

  /** Why JavaOp hands the native noop its own output as its input. */
  @Test
  void noopWantsEqualDtypes() {
    INDArray integers = Nd4j.createFromArray(1, 2);
    INDArray doubles = Nd4j.createFromArray(3.0, 4);
    RuntimeException error =
        assertThrows(
            RuntimeException.class,
            () ->
                Nd4j.exec(
                    DynamicCustomOp.builder("noop")
                        .addInputs(integers)
                        .addOutputs(doubles)
                        .build()));
    assertTrue(error.getMessage().contains("noop"), error.getMessage());
    Nd4j.exec(DynamicCustomOp.builder("noop").addInputs(doubles).addOutputs(doubles).build());
    assertArrayEquals(new double[] {3, 4}, Elements.of(doubles), "noop leaves its output alone");
  }

  /** What JavaOp rests on: shape first, hash then, on one thread, for every execution. */
  @Test
  void samediffAsksForTheShapeAndThenForTheHashOnTheSameThread() {
    ImportClassMapping.getOpNameMapping().put(Recorder.NAME, new Recorder());
    try {
      SameDiff graph = SameDiff.create();
      SDVariable x = graph.var("x", Nd4j.createFromArray(1.0, 2));
      new Recorder(x).outputVariable().rename("out");
      Recorder.CALLS.clear();
      graph.output(Map.of(), "out");
      String thread = Thread.currentThread().getName();
      assertEquals(List.of("shape on " + thread, "hash on " + thread), Recorder.CALLS);
    } finally {
      ImportClassMapping.getOpNameMapping().remove(Recorder.NAME);
    }
  }

  /** An op that notes how it is called and then lets noop copy nothing. */
  public static final class Recorder extends DynamicCustomOp {
    static final String NAME = "stable_ops_canary";
    static final List<String> CALLS = new ArrayList<>();

    public Recorder() {}

    Recorder(SDVariable x) {
      sameDiff = x.getSameDiff();
      ownName = null;
      setInstanceId();
      sameDiff.addArgsFor(new SDVariable[] {x}, this);
    }

    @Override
    public String opName() {
      return NAME;
    }

    @Override
    public int getNumOutputs() {
      return 1;
    }

    @Override
    public List<DataType> calculateOutputDataTypes(List<DataType> inputTypes) {
      return inputTypes;
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
      CALLS.add("shape on " + Thread.currentThread().getName());
      context.shapeFunctionOverride(true);
      INDArray x = context.getInputArrays().get(0);
      return List.of(LongShapeDescriptor.fromShape(x.shape(), x.dataType()));
    }

    @Override
    public long opHash() {
      CALLS.add("hash on " + Thread.currentThread().getName());
      return Nd4j.getExecutioner().getCustomOperations().get("noop").getHash();
    }

    @Override
    public void assertValidForExecution() {}

    @Override
    public CustomOpDescriptor getDescriptor() {
      return null;
    }

    @Override
    public Map<String, Object> propertiesForFunction() {
      return Map.of();
    }
  }

  // ---- DL4J

  /** Why LossFusedSoftmaxCrossEntropy sums, and leaves the division to its host. */
  @Test
  void outputLayersAskForTheSumAndDivideThemselves() {
    Loss loss = new Loss();
    MultiLayerNetwork net = network(loss);
    net.setInput(Nd4j.ones(DataType.DOUBLE, 4, 2));
    net.setLabels(Nd4j.createFromArray(new double[][] {{1, 0}, {1, 0}, {0, 1}, {0, 1}}));
    net.computeGradientAndScore();
    assertFalse(Loss.averages.isEmpty());
    assertFalse(Loss.averages.contains(true), "average is never asked for");
    assertEquals(Loss.lastSum / 4, net.score(), 1e-12);
  }

  /** A stock loss that notes what it is asked for. */
  @SuppressWarnings("serial")
  private static final class Loss extends LossMCXENT {
    static final List<Boolean> averages = new ArrayList<>();
    static double lastSum;

    @Override
    public double computeScore(
        INDArray labels, INDArray z, IActivation activation, INDArray mask, boolean average) {
      averages.add(average);
      lastSum = super.computeScore(labels, z, activation, mask, average);
      return lastSum;
    }
  }

  /**
   * Masks of 0 and 1 are right. With another weight the output layer multiplies the logits by it as
   * well, before any loss sees them, and forgets that in the gradient. So the weights of
   * LossFusedSoftmaxCrossEntropy are right for who calls the loss, not through DL4J's layers.
   */
  @Test
  void outputLayersMultiplyTheLogitsByTheMask() {
    INDArray x = Nd4j.createFromArray(new double[][] {{0.5, -1}, {2, 0.3}});
    INDArray labels = Nd4j.createFromArray(new double[][] {{1, 0}, {0, 1}});
    INDArray mask = Nd4j.createFromArray(0.25, 0.25).reshape(2, 1);
    LossMCXENT loss = new LossMCXENT();
    MultiLayerNetwork net = network(loss);
    INDArray logits = Transforms.log(net.output(x));
    net.setInput(x);
    net.setLabels(labels);
    net.setLayerMaskArrays(null, mask);
    net.computeGradientAndScore();
    INDArray scaled = logits.mul(0.25);
    double sum = loss.computeScore(labels, scaled, new ActivationSoftmax(), mask, false);
    assertEquals(sum / 2, net.score(), 1e-9);
  }

  private static MultiLayerNetwork network(LossMCXENT loss) {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(DataType.DOUBLE)
                .updater(new NoOp())
                .list()
                .layer(new DenseLayer.Builder().nIn(2).nOut(3).activation(Activation.TANH).build())
                .layer(
                    new OutputLayer.Builder(loss)
                        .nIn(3)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    net.init();
    return net;
  }

  private static double ulps(double exact, double actual) {
    return Math.abs(actual - exact) / Math.ulp(exact);
  }

  /** Why notebook 6 looks words up by a product with one-hot rows. */
  @Test
  void theGradientOfGatherCannotBeComputed() {
    SameDiff graph = SameDiff.create();
    SDVariable table = graph.var("e", Nd4j.rand(DataType.DOUBLE, 5, 3));
    SDVariable words = graph.constant(Nd4j.createFromArray(0, 1, 1, 4));
    graph.gather(table, words, 0).sum().markAsLoss();
    String message =
        assertThrows(RuntimeException.class, () -> graph.calculateGradients(Map.of(), "e"))
            .getMessage();
    assertTrue(message.contains("Output array did not match expected shape"), message);
  }
}
