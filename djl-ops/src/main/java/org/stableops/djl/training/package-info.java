/** A Trainer for DJL. */
package org.stableops.djl.training;
