import java.io.File;
import java.io.IOException;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.stableops.nd4j.Softplus;

/** Differentiates, saves and loads a graph with one of our ops, where there is no DL4J. */
final class Nd4jConsumer {
  private Nd4jConsumer() {}

  public static void main(String[] arguments) throws IOException {
    SameDiff graph = SameDiff.create();
    SDVariable x = graph.var("x", Nd4j.createFromArray(-100f, 0f, 100f));
    SDVariable loss = Softplus.value(x).rename("y").sum().rename("loss");
    loss.markAsLoss();
    INDArray gradient = graph.calculateGradients(Map.of(), "x").get("x");
    check("gradient at -100", gradient.getFloat(0), 3.7835e-44, 1e-45);
    check("gradient at 0", gradient.getFloat(1), 0.5, 1e-7);

    File file = File.createTempFile("consumer", ".fb");
    graph.save(file, false);
    INDArray loaded = SameDiff.load(file, false).outputSingle(Map.of(), "y");
    if (!file.delete()) {
      throw new IOException("cannot delete " + file);
    }
    check("softplus(100) of the loaded graph", loaded.getFloat(2), 100, 1e-5);
    check("softplus(-100) of the loaded graph", loaded.getFloat(0), 3.7835e-44, 1e-45);
  }

  private static void check(String what, double actual, double expected, double tolerance) {
    System.out.println(what + ": " + actual);
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new AssertionError(what + " must be " + expected + ", got " + actual);
    }
  }
}
