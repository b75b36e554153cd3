/** Parameters that stay positive, blocks made of them, and how a saved model is made again. */
@NullMarked
package org.stableops.djl.nn;

import org.jspecify.annotations.NullMarked;
