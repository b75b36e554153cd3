package org.stableops.nd4j;

import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Computes in double what float has not the range or the digits for. */
final class Widened {
  /** Between these, b/4, powers of its scale and every quotient are float numbers of all digits. */
  private static final double SMALLEST = 0x1p-100;

  private static final double LARGEST = 0x1p120;

  /** Beyond, squares of double numbers near √b may overflow, or lose bits. */
  private static final double SMALL_B = 0x1p-400;

  private static final double LARGE_B = 0x1p400;
  private static final double SCALE = 0x1p300;

  private Widened() {}

  /** Applies a composite whose parameter is β or b, which as a float number may be 0 or inf. */
  static INDArray compute(
      INDArray x, double parameter, Temporaries temporaries, UnaryOperator<INDArray> composite) {
    DataType type = x.dataType();
    if (type == DataType.DOUBLE || (parameter >= SMALLEST && parameter <= LARGEST)) {
      return composite.apply(x);
    }
    INDArray wide = temporaries.keep(x.castTo(DataType.DOUBLE));
    return temporaries.keep(composite.apply(wide)).castTo(type);
  }

  /** βx, rounded once: β itself need not be a float number. */
  static INDArray product(INDArray x, double beta, Temporaries temporaries) {
    DataType type = x.dataType();
    if (type == DataType.DOUBLE || beta == (float) beta) {
      return temporaries.keep(x.mul(beta));
    }
    INDArray wide = temporaries.keep(x.castTo(DataType.DOUBLE)).muli(beta);
    return temporaries.keep(wide.castTo(type));
  }

  /** Powers of 2 whose squares times b, of double, are so that squares of both are numbers. */
  static INDArray scale(INDArray b, Temporaries temporaries) {
    INDArray one = temporaries.keep(Nd4j.onesLike(b));
    INDArray small = temporaries.keep(one.mul(1 / SCALE));
    INDArray large = temporaries.keep(one.mul(SCALE));
    INDArray scale =
        temporaries.keep(Primitives.select(temporaries.keep(b.gt(LARGE_B)), small, one));
    return temporaries.keep(Primitives.select(temporaries.keep(b.lt(SMALL_B)), large, scale));
  }
}
