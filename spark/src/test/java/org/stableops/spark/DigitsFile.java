package org.stableops.spark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * A file of digits, and its lines.
 *
 * @param path of the file
 * @param lines of it
 */
record DigitsFile(Path path, List<String> lines) {
  private static final Path ALL =
      Path.of("..", "integration-tests", "src", "main", "resources", "data", "digits.csv.gz");

  /** Writes the digits of some rows to a file. */
  static DigitsFile write(Path path, int from, int to) throws IOException {
    List<String> lines = readAll().subList(from, to);
    return new DigitsFile(Files.write(path, lines), lines);
  }

  private static List<String> readAll() throws IOException {
    try (InputStream file = new GZIPInputStream(Files.newInputStream(ALL));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(file, StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    }
  }

  /** Hadoop's two halves: a line that starts at or before the middle byte is of the first. */
  List<List<Digit>> halves() throws IOException {
    long middle = Files.size(path) / 2;
    List<List<Digit>> halves = List.of(new ArrayList<>(), new ArrayList<>());
    long start = 0;
    for (String line : lines) {
      halves.get(start <= middle ? 0 : 1).add(Digit.parse(line));
      start += line.length() + 1;
    }
    return halves;
  }
}
