/** Losses for DJL's Trainer. */
@NullMarked
package org.stableops.djl.loss;

import org.jspecify.annotations.NullMarked;
