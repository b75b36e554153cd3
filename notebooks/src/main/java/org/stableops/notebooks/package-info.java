/** What the notebooks share: pictures, text with computed numbers, grids and stopwatches. */
package org.stableops.notebooks;
