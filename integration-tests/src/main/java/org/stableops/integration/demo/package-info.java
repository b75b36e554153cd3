/**
 * The main job: one network trained on real data in both frameworks, step by step side by side, a
 * table of measured errors, and a report with pictures.
 */
package org.stableops.integration.demo;
