/** The operators as activations of DL4J layers. */
package org.stableops.nd4j.activations;
