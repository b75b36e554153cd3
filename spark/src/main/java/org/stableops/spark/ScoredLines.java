package org.stableops.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;

/** The lines of a partition, scored a batch at a time while they are read. */
final class ScoredLines implements Iterator<String> {
  private final Iterator<String> lines;
  private final Scorer scorer;
  private final int batchSize;
  private final Queue<String> scored = new ArrayDeque<>();

  ScoredLines(Iterator<String> lines, Scorer scorer, int batchSize) {
    this.lines = lines;
    this.scorer = scorer;
    this.batchSize = batchSize;
  }

  @Override
  public boolean hasNext() {
    if (scored.isEmpty() && lines.hasNext()) {
      scoreBatch();
    }
    return !scored.isEmpty();
  }

  @Override
  public String next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return scored.remove();
  }

  private void scoreBatch() {
    List<Digit> batch = new ArrayList<>();
    while (batch.size() < batchSize && lines.hasNext()) {
      batch.add(Digit.parse(lines.next()));
    }
    float[][] outputs = scorer.score(batch.stream().map(Digit::pixels).toArray(float[][]::new));
    for (int i = 0; i < outputs.length; i++) {
      scored.add(new Prediction(batch.get(i).label(), outputs[i]).line());
    }
  }
}
