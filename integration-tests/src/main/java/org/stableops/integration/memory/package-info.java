/** What the process takes of the machine's memory. */
package org.stableops.integration.memory;
