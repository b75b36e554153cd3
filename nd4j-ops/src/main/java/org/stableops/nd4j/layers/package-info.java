/** DL4J layers with positive parameters. */
@NullMarked
package org.stableops.nd4j.layers;

import org.jspecify.annotations.NullMarked;
