/**
 * An example program for Apache Spark: training by parameter averaging in DL4J, and scoring of a
 * data set with a DL4J or a DJL model. See docs/spark.md.
 */
package org.stableops.spark;
