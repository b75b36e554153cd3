package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;

/** How the blocks of this package are read from files, of which nothing is believed. */
final class SavedBlock {
  private static final int UNKNOWN = 255;

  private SavedBlock() {}

  /** Reads part of a block. */
  @FunctionalInterface
  interface Part<T> {
    T read() throws IOException, MalformedModelException;
  }

  /** Tells of a file that ends too early, or holds nonsense, in one way. */
  static <T> T read(String what, Part<T> part) throws IOException, MalformedModelException {
    try {
      return part.read();
    } catch (EOFException e) {
      throw new MalformedModelException(what + " cannot be read: the file ends too early", e);
    } catch (RuntimeException e) {
      throw new MalformedModelException(what + " cannot be read: " + e.getMessage(), e);
    }
  }

  static void requireVersion(String what, byte expected, byte actual)
      throws MalformedModelException {
    if (actual != expected) {
      throw new MalformedModelException(
          "%s cannot be read: version must be %d, got %d".formatted(what, expected, actual));
    }
  }

  /** DJL's own way to read them makes an array of any size that a file asks for. */
  static void writeShapes(DataOutputStream os, Shape[] shapes) throws IOException {
    os.writeByte(shapes == null ? UNKNOWN : shapes.length);
    if (shapes != null) {
      for (Shape shape : shapes) {
        os.writeUTF(shape.toLayoutString());
        for (long size : shape.getShape()) {
          os.writeLong(size);
        }
      }
    }
  }

  static Shape[] readShapes(DataInputStream is) throws IOException {
    int count = is.readUnsignedByte();
    if (count == UNKNOWN) {
      return null;
    }
    Shape[] shapes = new Shape[count];
    for (int i = 0; i < count; i++) {
      String layout = is.readUTF();
      long[] sizes = new long[layout.length()];
      for (int d = 0; d < sizes.length; d++) {
        sizes[d] = is.readLong();
      }
      shapes[i] = new Shape(sizes, layout);
    }
    return shapes;
  }
}
