package org.stableops.integration.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** A data set of named columns. */
public final class Table {
  private final List<CSVRecord> records;

  private Table(List<CSVRecord> records) {
    this.records = records;
  }

  /**
   * Reads the insects counted on plots: {@code count} under {@code spray} A to F.
   *
   * @return 72 rows
   */
  public static Table insectSprays() {
    return read("insect-sprays.csv");
  }

  /**
   * Reads the breaks of warp on looms: {@code breaks} of {@code wool} A or B under {@code tension}
   * L, M or H.
   *
   * @return 54 rows
   */
  public static Table warpBreaks() {
    return read("warpbreaks.csv");
  }

  /**
   * Reads the eruptions of Old Faithful: {@code eruptions}, how long one took, and {@code waiting},
   * the time to the next, in minutes.
   *
   * @return 272 rows
   */
  public static Table faithful() {
    return read("faithful.csv");
  }

  private static Table read(String name) {
    CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
    try (InputStream file = Table.class.getResourceAsStream("/data/" + name);
        InputStreamReader text = new InputStreamReader(file, StandardCharsets.US_ASCII);
        CSVParser parser = format.parse(text)) {
      return new Table(parser.getRecords());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  /**
   * Returns the number of rows.
   *
   * @return the number of rows
   */
  public int rows() {
    return records.size();
  }

  /**
   * Returns a column of numbers.
   *
   * @param column its name
   * @return a number a row
   */
  public double[] numbers(String column) {
    return records.stream().mapToDouble(record -> Double.parseDouble(record.get(column))).toArray();
  }

  /**
   * Returns whether each row has a value.
   *
   * @param column the name of a column
   * @param value of the column
   * @return 1 for a row that has it, else 0
   */
  public double[] indicator(String column, String value) {
    return records.stream().mapToDouble(row -> row.get(column).equals(value) ? 1 : 0).toArray();
  }
}
