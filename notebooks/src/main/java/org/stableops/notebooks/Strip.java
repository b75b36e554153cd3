package org.stableops.notebooks;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.rapaio.jupyter.kernel.display.DisplayData;

/** Small square pictures in rows of eight, with lines of text below each. */
public final class Strip {
  private static final int COLUMNS = 8;
  private static final int WIDTH = 1520;
  private static final int MARGIN = 24;
  private static final int TOP = 74;
  private static final int SIDE = 160;
  private static final int STEP = (WIDTH - MARGIN) / COLUMNS;
  private static final int LINE = 34;
  private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 32);
  private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 24);
  private static final int WHITE = 255;

  private final String title;
  private final List<Picture> pictures = new ArrayList<>();

  private record Picture(double[] ink, List<String> lines) {}

  /**
   * Starts a strip.
   *
   * @param title its message
   */
  public Strip(String title) {
    this.title = title;
  }

  /**
   * Adds a picture.
   *
   * @param ink of its pixels row by row, as many rows as columns, from 0 (white) to 1 (black)
   * @param lines what is written below
   * @return this
   * @throws IllegalArgumentException if ink is no square of 1 to 160 pixels a side, or not of
   *     numbers from 0 to 1
   */
  public Strip add(double[] ink, String... lines) {
    requireSquare(ink.length);
    for (double each : ink) {
      if (!(each >= 0 && each <= 1)) {
        throw new IllegalArgumentException("ink must be from 0 to 1, got " + each);
      }
    }
    pictures.add(new Picture(ink.clone(), List.of(lines)));
    return this;
  }

  private static void requireSquare(int pixels) {
    int columns = side(pixels);
    if (columns < 1 || columns > SIDE || columns * columns != pixels) {
      throw new IllegalArgumentException(
          "ink must be a square of 1 to %d pixels a side, got %d pixels".formatted(SIDE, pixels));
    }
  }

  private static int side(int pixels) {
    return (int) Math.sqrt(pixels);
  }

  /**
   * Draws the strip.
   *
   * @return what a cell shows
   */
  public DisplayData show() {
    int rowHeight =
        SIDE + MARGIN + LINE * pictures.stream().mapToInt(p -> p.lines.size()).max().orElse(0);
    int rows = (pictures.size() + COLUMNS - 1) / COLUMNS;
    BufferedImage image =
        new BufferedImage(WIDTH, TOP + rows * rowHeight, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, WIDTH, image.getHeight());
    drawTitle(graphics);
    graphics.setFont(TEXT);
    for (int i = 0; i < pictures.size(); i++) {
      draw(
          pictures.get(i),
          graphics,
          MARGIN + STEP * (i % COLUMNS),
          TOP + rowHeight * (i / COLUMNS));
    }
    graphics.dispose();
    return Plot.show(image);
  }

  private void drawTitle(Graphics2D graphics) {
    graphics.setFont(TITLE);
    graphics.setColor(Color.BLACK);
    int width = graphics.getFontMetrics().stringWidth(title);
    graphics.drawString(title, (WIDTH - width) / 2, 44);
  }

  private static void draw(Picture picture, Graphics2D graphics, int left, int top) {
    int columns = side(picture.ink.length);
    int size = SIDE / columns;
    for (int pixel = 0; pixel < picture.ink.length; pixel++) {
      int shade = WHITE - (int) Math.round(WHITE * picture.ink[pixel]);
      graphics.setColor(new Color(shade, shade, shade));
      graphics.fillRect(
          left + size * (pixel % columns), top + size * (pixel / columns), size, size);
    }
    graphics.setColor(Color.BLACK);
    for (int line = 0; line < picture.lines.size(); line++) {
      graphics.drawString(picture.lines.get(line), left, top + SIDE + LINE * (line + 1) - 2);
    }
  }
}
