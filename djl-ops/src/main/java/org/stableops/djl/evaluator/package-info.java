/** Evaluators for DJL's Trainer. */
@NullMarked
package org.stableops.djl.evaluator;

import org.jspecify.annotations.NullMarked;
