/** Exact results, and the distance of a computed one to them. */
package org.stableops.integration.oracle;
