/** Not API: what the packages of this host share. It may change with every release. */
@Internal
package org.stableops.djl.internal;

import org.stableops.Internal;
