/**
 * Fused CPU kernels on flat buffers: no host, no dependency. Every kernel is a handful of plain
 * loops over L1-sized tiles ({@link org.stableops.kernel.Tiles}); the transcendental functions that
 * those loops need come from one interface ({@link org.stableops.kernel.FloatTileMath}).
 */
@Internal
package org.stableops.kernel;

import org.stableops.Internal;
