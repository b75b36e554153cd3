/** Losses for DJL's Trainer. */
package org.stableops.djl.loss;
