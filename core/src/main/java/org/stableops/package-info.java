/** The vocabulary that both hosts share: options, reductions, parameters and shapes. */
@NullMarked
package org.stableops;

import org.jspecify.annotations.NullMarked;
