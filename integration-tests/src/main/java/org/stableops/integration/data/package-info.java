/** Real data sets, read from the resource folder {@code data}, whose README gives their sources. */
package org.stableops.integration.data;
