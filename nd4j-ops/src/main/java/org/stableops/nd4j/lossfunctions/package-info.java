/** Losses for DL4J output layers. */
package org.stableops.nd4j.lossfunctions;
