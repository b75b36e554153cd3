/** What a small language model starts from, and what it must be better than. */
package org.stableops.integration.language;
