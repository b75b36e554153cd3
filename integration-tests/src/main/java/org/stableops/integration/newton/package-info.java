/** Newton's method in both frameworks, beside their own optimizers. */
package org.stableops.integration.newton;
