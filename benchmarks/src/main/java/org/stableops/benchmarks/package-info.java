/** Each operator beside its peers: time, heap allocation and native memory. */
package org.stableops.benchmarks;
