/**
 * What an operator is, once for both hosts: its name, its parameter, its kernels, and its formula
 * in the arithmetic of a host's arrays ({@link org.stableops.op.Algebra}). {@link
 * org.stableops.op.Operators#ALL} lists them.
 */
@Internal
package org.stableops.op;

import org.stableops.Internal;
