/** Positive weights of DL4J layers. */
@NullMarked
package org.stableops.nd4j.weights;

import org.jspecify.annotations.NullMarked;
