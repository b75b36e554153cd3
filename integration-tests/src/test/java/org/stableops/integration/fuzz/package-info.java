/** Random problems for a bounded time, on both hosts and both paths. */
package org.stableops.integration.fuzz;
