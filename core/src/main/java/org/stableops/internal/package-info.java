/** The checks of arguments and shapes that all modules share. */
@Internal
package org.stableops.internal;

import org.stableops.Internal;
