/** Evaluation of DL4J networks and SameDiff graphs. */
package org.stableops.nd4j.evaluation;
