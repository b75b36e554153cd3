/** DL4J layers with positive parameters. */
package org.stableops.nd4j.layers;
