/** The operators as activations of DL4J layers. */
@NullMarked
package org.stableops.nd4j.activations;

import org.jspecify.annotations.NullMarked;
