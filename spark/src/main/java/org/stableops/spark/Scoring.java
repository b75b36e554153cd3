package org.stableops.spark;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Scores a data set where it lies: executors read its lines, load the model once each, and write
 * what it predicts. The driver sees counts.
 *
 * @param data lines of digits, in any file system of Hadoop's
 * @param output directory of the scored lines, a part a partition, in the order of the data
 * @param partitions at least
 * @param batchSize rows a call of the model
 */
record Scoring(String data, String output, int partitions, int batchSize) {
  void run(JavaSparkContext spark, ModelKind kind, Path model, PrintWriter out) throws IOException {
    out.printf("Scoring %s with %s%n", data, model);
    out.flush();
    Broadcast<ModelFiles> files = spark.broadcast(ModelFiles.read(kind, model));
    CollectionAccumulator<String> loads = spark.sc().collectionAccumulator("model loads");
    int size = batchSize; // Not this record: a closure takes along what it names.
    spark
        .textFile(data, partitions)
        .mapPartitions(lines -> score(lines, files, loads, size))
        .saveAsTextFile(output);
    out.printf("Model loaded on executors %s%n", loads.value());
    report(spark.textFile(output), out);
  }

  /** In a task: closes its scorer and gives the model back, however the task ends. */
  private static Iterator<String> score(
      Iterator<String> lines,
      Broadcast<ModelFiles> files,
      CollectionAccumulator<String> loads,
      int batchSize)
      throws IOException {
    ModelFiles model = files.value();
    ModelCache.Lease lease = ModelCache.OF_THIS_JVM.acquire(model.id(), () -> load(model, loads));
    atEnd(lease::close);
    Scorer scorer = lease.model().newScorer();
    atEnd(scorer::close); // Before the lease: the last listener is the first to be called.
    return new ScoredLines(lines, scorer, batchSize);
  }

  private static LoadedModel load(ModelFiles files, CollectionAccumulator<String> loads)
      throws IOException {
    LoadedModel model = files.load();
    loads.add(SparkEnv.get().executorId());
    return model;
  }

  private static void atEnd(Runnable action) {
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> action.run());
  }

  /** Counts what was written, for an accumulator would count a task that ran twice, twice. */
  private void report(JavaRDD<String> scored, PrintWriter out) {
    long rows = scored.count();
    if (rows == 0) {
      out.printf("There are no rows; %s is empty%n", output);
    } else {
      double accuracy = (double) scored.filter(Prediction::isRight).count() / rows;
      out.printf(
          Locale.ROOT, "Scored %d rows to %s, accuracy %.2f %%%n", rows, output, 100 * accuracy);
    }
    out.flush();
  }
}
