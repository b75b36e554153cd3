/** Evaluation of DL4J networks and SameDiff graphs. */
@NullMarked
package org.stableops.nd4j.evaluation;

import org.jspecify.annotations.NullMarked;
