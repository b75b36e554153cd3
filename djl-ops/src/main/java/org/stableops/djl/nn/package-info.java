/** Parameters that stay positive, blocks made of them, and how a saved model is made again. */
package org.stableops.djl.nn;
