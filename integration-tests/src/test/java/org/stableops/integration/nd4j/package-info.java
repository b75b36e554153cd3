/** What holds on ND4J, SameDiff and DL4J alone. */
package org.stableops.integration.nd4j;
