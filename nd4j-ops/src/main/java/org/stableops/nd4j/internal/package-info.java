/** Not API: what the packages of this host share. It may change with every release. */
package org.stableops.nd4j.internal;
