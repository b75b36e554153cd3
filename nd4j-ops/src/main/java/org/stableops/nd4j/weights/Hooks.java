package org.stableops.nd4j.weights;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.stableops.internal.Arguments;

/** How the raw weights of one layer are read, trained and started. */
final class Hooks implements Serializable {
  private static final long serialVersionUID = 1;

  private final PositiveValues values;
  private final PositiveDerivative derivative;
  private final PositiveStart start;

  Hooks(PositiveStart start) {
    this.start = Arguments.requireGiven("weightInitFn of positive weights", start);
    values = new PositiveValues(start.transform());
    derivative = new PositiveDerivative(start.transform());
  }

  PositiveValues values() {
    return values;
  }

  PositiveStart start() {
    return start;
  }

  /**
   * Returns the derivative and then the penalties, whose gradients are to raw weights already.
   * Equal penalties count once: DL4J 1.0.0-M2.1 adds the weight decay of a fine tuning twice.
   */
  List<Regularization> regularization(BaseLayer layer, String key, List<Regularization> others) {
    if (!layer.initializer().isWeightParam(layer, key)) {
      return others;
    }
    Stream<Regularization> penalties =
        Stream.ofNullable(others)
            .flatMap(List::stream)
            .filter(each -> !(each instanceof PositiveDerivative));
    return Stream.concat(Stream.of(derivative), penalties).distinct().toList();
  }
}
