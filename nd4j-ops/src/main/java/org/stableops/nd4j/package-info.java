/**
 * Numerically stable operators on ND4J's INDArray and SameDiff's SDVariable. Every operator is a
 * final class of static functions: {@code value} and {@code gradient} on arrays, and {@code value}
 * on variables, where its gradient op is registered.
 */
@NullMarked
package org.stableops.nd4j;

import org.jspecify.annotations.NullMarked;
