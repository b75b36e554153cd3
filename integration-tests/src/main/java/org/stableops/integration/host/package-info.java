/** The two frameworks behind one small interface: plain arrays in, plain arrays out. */
package org.stableops.integration.host;
