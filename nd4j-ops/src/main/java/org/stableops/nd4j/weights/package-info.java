/** Positive weights of DL4J layers. */
package org.stableops.nd4j.weights;
