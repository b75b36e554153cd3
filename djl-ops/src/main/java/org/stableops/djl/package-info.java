/**
 * Numerically stable operators on DJL's NDArray, PyTorch engine. Every operator is a final class of
 * static functions: {@code value} carries its explicit {@code gradient} into autograd, {@code
 * block} and {@code gradientBlock} make Blocks of them.
 */
@NullMarked
package org.stableops.djl;

import org.jspecify.annotations.NullMarked;
