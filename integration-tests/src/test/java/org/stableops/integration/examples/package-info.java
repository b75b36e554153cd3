/** The programs of the README, compiled and run. */
package org.stableops.integration.examples;
