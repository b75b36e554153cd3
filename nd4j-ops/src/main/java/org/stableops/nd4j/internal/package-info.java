/** Not API: what the packages of this host share. It may change with every release. */
@Internal
package org.stableops.nd4j.internal;

import org.stableops.Internal;
