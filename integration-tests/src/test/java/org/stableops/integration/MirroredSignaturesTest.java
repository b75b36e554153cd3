package org.stableops.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.stableops.op.Elementwise;
import org.stableops.op.Operators;

/** Who knows an operator in one host knows it in the other. */
class MirroredSignaturesTest {
  /** What is a host's own: Blocks in DJL, graph variables in ND4J. */
  private static final Set<String> HOSTS_OWN = Set.of("Block", "SDVariable");

  static Stream<String> operators() {
    return Stream.concat(
        Operators.ALL.stream().map(Elementwise::name),
        Stream.of(
            "SparseSoftmaxCrossEntropy",
            "SigmoidCrossEntropy",
            "PoissonLoss",
            "NegativeBinomialLoss",
            "SoftmaxCrossEntropy",
            "LogSumExp",
            "LogSoftmax",
            "GumbelSoftmax",
            "LinearCrossEntropy",
            "PositiveTransforms"));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void areTheSameOnBothHosts(String name) throws ClassNotFoundException {
    Set<String> djl = signatures(Class.forName("org.stableops.djl." + name));
    Set<String> nd4j = signatures(Class.forName("org.stableops.nd4j." + name));
    assertEquals(djl, nd4j);
  }

  private static Set<String> signatures(Class<?> operator) {
    return Arrays.stream(operator.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()))
        .filter(method -> !HOSTS_OWN.contains(method.getReturnType().getSimpleName()))
        .map(MirroredSignaturesTest::signature)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String signature(Method method) {
    return (method.getGenericReturnType()
            + " "
            + method.getName()
            + Arrays.toString(method.getGenericParameterTypes()))
        .replaceAll(
            "ai\\.djl\\.ndarray\\.NDArray|org\\.nd4j\\.linalg\\.api\\.ndarray\\.INDArray", "array")
        .replaceAll("\\b(interface|class) ", "");
  }
}
