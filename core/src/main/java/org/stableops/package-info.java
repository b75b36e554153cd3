/** The vocabulary that both hosts share: options, reductions, parameters and shapes. */
package org.stableops;
