package org.stableops.integration.examples;

import ai.djl.Model;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import java.io.IOException;
import java.nio.file.Path;
import org.stableops.PositiveTransform;
import org.stableops.djl.nn.LearnableSquareplus;
import org.stableops.djl.nn.PositiveLinear;
import org.stableops.djl.nn.PositiveScale;
import org.stableops.djl.nn.StableOpsBlockFactory;

final class PositiveDjlExample {
  private PositiveDjlExample() {}

  static double[] save(Path directory) throws IOException {
    // README: positive parameters in DJL
    PositiveScale scale =
        PositiveScale.builder()
            .optTransform(PositiveTransform.softplus().withLowerBound(1e-3))
            .optValue(0.5)
            .build();
    SequentialBlock increasing =
        new SequentialBlock() // in every input, whatever training does
            .add(PositiveLinear.builder().setUnits(16).build())
            .add(LearnableSquareplus.builder().optAxis(1).build())
            .add(PositiveLinear.builder().setUnits(1).build())
            .add(scale);
    try (Model model = Model.newInstance("increasing")) {
      model.setBlock(increasing);
      increasing.initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 3));
      scale.scale().set(0.7); // the value, at any time; its raw parameter is what is trained
      StableOpsBlockFactory.save(model, directory, "increasing"); // for Criteria.optModelPath
      return scale.scale().value();
    }
    // end
  }
}
