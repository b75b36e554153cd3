/** Evaluators for DJL's Trainer. */
package org.stableops.djl.evaluator;
