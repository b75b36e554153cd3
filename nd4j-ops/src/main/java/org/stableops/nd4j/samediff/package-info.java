/** What ties the operators to SameDiff. */
@NullMarked
package org.stableops.nd4j.samediff;

import org.jspecify.annotations.NullMarked;
