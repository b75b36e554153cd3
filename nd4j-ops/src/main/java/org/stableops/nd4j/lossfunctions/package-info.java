/** Losses for DL4J output layers. */
@NullMarked
package org.stableops.nd4j.lossfunctions;

import org.jspecify.annotations.NullMarked;
