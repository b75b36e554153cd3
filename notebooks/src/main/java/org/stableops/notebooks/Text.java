package org.stableops.notebooks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.rapaio.jupyter.kernel.display.DisplayData;
import org.rapaio.jupyter.kernel.display.MimeType;

/** Sentences and tables with computed numbers, shown as Markdown. */
public final class Text {
  private Text() {}

  /**
   * Formats a sentence.
   *
   * @param format Markdown with the places of the numbers, as for {@link String#format}
   * @param numbers what to put there
   * @return what a cell shows
   */
  public static DisplayData of(String format, Object... numbers) {
    return DisplayData.withType(
        MimeType.MARKDOWN.longType(), String.format(Locale.ROOT, format, numbers));
  }

  /**
   * Formats a table.
   *
   * @param head the columns' titles, separated by |
   * @param rows their cells, separated by |
   * @return what a cell shows
   */
  public static DisplayData table(String head, List<String> rows) {
    StringBuilder table = new StringBuilder();
    table.append(row(head)).append("|");
    Arrays.stream(head.split("\\|")).forEach(column -> table.append(" --- |"));
    table.append('\n');
    rows.forEach(row -> table.append(row(row)));
    return DisplayData.withType(MimeType.MARKDOWN.longType(), table.toString());
  }

  /**
   * Formats a row of a table.
   *
   * @param format cells separated by |, as for {@link String#format}
   * @param numbers what to put there
   * @return the row
   */
  public static String cells(String format, Object... numbers) {
    return String.format(Locale.ROOT, format, numbers);
  }

  private static String row(String cells) {
    return "| " + cells.replace("|", " | ") + " |\n";
  }
}
