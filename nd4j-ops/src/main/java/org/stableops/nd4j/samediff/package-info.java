/** What ties the operators to SameDiff. */
package org.stableops.nd4j.samediff;
