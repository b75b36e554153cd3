package org.stableops.notebooks;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * PNG files a third of the usual size, for they are committed: with a palette of the 256 most
 * frequent colours. A chart has a dozen colours and the shades between them, so nobody sees it.
 */
final class Png {
  private static final int COLORS = 256;

  private Png() {}

  static byte[] encode(BufferedImage image) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(indexed(image), "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }

  private static BufferedImage indexed(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    int[] pixels = image.getRGB(0, 0, width, height, null, 0, width);
    List<Integer> palette = palette(pixels);
    Map<Integer, Integer> indices = new HashMap<>();
    byte[] bytes = new byte[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      bytes[i] = indices.computeIfAbsent(pixels[i], color -> nearest(palette, color)).byteValue();
    }
    int[] colors = palette.stream().mapToInt(Integer::intValue).toArray();
    IndexColorModel model = new IndexColorModel(8, colors.length, colors, 0, false, -1, 0);
    BufferedImage indexed =
        new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, model);
    indexed.getRaster().setDataElements(0, 0, width, height, bytes);
    return indexed;
  }

  private static List<Integer> palette(int... pixels) {
    Map<Integer, Integer> counts = new HashMap<>();
    for (int pixel : pixels) {
      counts.merge(pixel, 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<Integer, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(COLORS)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static int nearest(List<Integer> palette, int color) {
    return palette.stream()
        .min(Comparator.comparingInt(candidate -> distance(candidate, color)))
        .map(palette::indexOf)
        .orElseThrow();
  }

  private static int distance(int a, int b) {
    int red = (a >> 16 & 0xFF) - (b >> 16 & 0xFF);
    int green = (a >> 8 & 0xFF) - (b >> 8 & 0xFF);
    int blue = (a & 0xFF) - (b & 0xFF);
    return red * red + green * green + blue * blue;
  }
}
