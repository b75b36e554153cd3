/** A Trainer for DJL. */
@NullMarked
package org.stableops.djl.training;

import org.jspecify.annotations.NullMarked;
