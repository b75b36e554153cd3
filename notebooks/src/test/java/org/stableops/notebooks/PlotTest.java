package org.stableops.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.rapaio.jupyter.kernel.display.DisplayData;

class PlotTest {
  private static BufferedImage decoded(DisplayData data) throws IOException {
    byte[] png = Base64.getDecoder().decode((String) data.data().get("image/png"));
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  @Test
  void twoPixelsAPoint() throws IOException {
    double[] x = Grid.linear(-3, 3, 50);
    double[] y = Grid.logarithmic(1e-3, 1e3, 50);
    y[7] = Double.POSITIVE_INFINITY;
    Plot plot = new Plot("title", "x", "y", 300, 200).logY().line("line", x, y).dots("dots", x, y);
    DisplayData shown = plot.show();
    assertEquals(Map.of("width", 300, "height", 200), shown.metadata().get("image/png"));
    assertEquals(600, decoded(shown).getWidth());
    assertEquals(1200, decoded(plot.beside(plot)).getWidth());
  }

  @Test
  void aStripHasRowsOfEight() throws IOException {
    double[] ink = new double[64];
    ink[0] = 1;
    Strip strip = new Strip("title");
    for (int i = 0; i < 9; i++) {
      strip.add(ink, "a", "b");
    }
    BufferedImage image = decoded(strip.show());
    int[] corner = {24, 74};
    int rowHeight = (image.getHeight() - corner[1]) / 2;
    assertEquals(Color.BLACK.getRGB(), image.getRGB(corner[0], corner[1]));
    assertEquals(Color.WHITE.getRGB(), image.getRGB(corner[0] + 20, corner[1]));
    assertEquals(Color.BLACK.getRGB(), image.getRGB(corner[0], corner[1] + rowHeight));
    assertEquals(Color.WHITE.getRGB(), image.getRGB(corner[0] + 187, corner[1] + rowHeight));
  }

  @Test
  void inkThatIsNoPictureIsRefused() {
    Strip strip = new Strip("title");
    assertRefused("ink must be a square of 1 to 160 pixels a side, got 3 pixels", strip, 0, 1, 1);
    assertRefused("ink must be a square of 1 to 160 pixels a side, got 0 pixels", strip);
    assertRefused("ink must be from 0 to 1, got NaN", strip, Double.NaN);
    assertRefused("ink must be from 0 to 1, got 1.5", strip, 1.5);
  }

  private static void assertRefused(String message, Strip strip, double... ink) {
    assertEquals(
        message, assertThrows(IllegalArgumentException.class, () -> strip.add(ink)).getMessage());
  }

  @Test
  void fewColorsAreKept() throws IOException {
    BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 1600; i++) {
      image.setRGB(i % 40, i / 40, new Color(i % 16, i % 4, i % 13).getRGB());
    }
    BufferedImage encoded = ImageIO.read(new ByteArrayInputStream(Png.encode(image)));
    for (int i = 0; i < 1600; i++) {
      assertEquals(image.getRGB(i % 40, i / 40), encoded.getRGB(i % 40, i / 40));
    }
  }

  @Test
  void rareColorsBecomeTheirNeighbours() throws IOException {
    BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 1600; i++) {
      // 255 greys and white twice at least, 50 near-whites once.
      int grey = i < 1550 ? i % 256 : 255;
      image.setRGB(i % 40, i / 40, new Color(grey, grey, i < 1550 ? grey : 254 - i % 50).getRGB());
    }
    BufferedImage encoded = ImageIO.read(new ByteArrayInputStream(Png.encode(image)));
    assertEquals(Color.BLACK.getRGB(), encoded.getRGB(0, 0));
    Color near = new Color(encoded.getRGB(0, 39));
    assertTrue(
        Math.abs(near.getRed() - near.getBlue()) == 0 && near.getRed() > 200, near::toString);
  }

  @Test
  void tablesAreMarkdown() {
    DisplayData table = Text.table("a|b", List.of(Text.cells("%d|%.1f", 1, 2.0)));
    assertEquals("| a | b |\n| --- | --- |\n| 1 | 2.0 |\n", table.data().get("text/markdown"));
  }
}
