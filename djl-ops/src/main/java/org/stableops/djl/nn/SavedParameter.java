package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import org.stableops.internal.Shapes;

/**
 * A parameter as DJL saves it, read and checked before DJL reads it again from these bytes: DJL
 * makes arrays of any size that a file asks for, has libtorch read beyond a buffer where a shape's
 * size overflows, and knows no shape but the file's.
 */
final class SavedParameter {
  private static final char NOTHING = 'N';
  private static final char PARAMETER = 'P';
  private static final byte PARAMETER_VERSION = 1;
  private static final String ARRAY = "NDAR";
  private static final int ARRAY_VERSION = 3;

  /** More axes no array of libtorch's has. */
  private static final int MOST_AXES = 64;

  private final String name;
  private final DataInputStream in;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream copy = new DataOutputStream(bytes);

  private SavedParameter(String name, DataInputStream in) {
    this.name = name;
    this.in = in;
  }

  /**
   * Reads a parameter.
   *
   * @param parameter that it shall be loaded into; its name and, if it has one, its shape must be
   *     those of the file
   * @throws IllegalArgumentException if the shape is another, or the dtype not a floating one
   */
  static SavedParameter read(Parameter parameter, DataInputStream in)
      throws IOException, MalformedModelException {
    SavedParameter saved = new SavedParameter(parameter.getName(), in);
    saved.readParameter(parameter.getShape());
    return saved;
  }

  /** Has DJL read it, which cannot fail any more. */
  void loadInto(Parameter parameter, NDManager manager)
      throws IOException, MalformedModelException {
    byte[] whole = bytes.toByteArray();
    parameter.load(manager, new DataInputStream(new ByteArrayInputStream(whole)));
  }

  private void readParameter(Shape expected) throws IOException, MalformedModelException {
    char kind = in.readChar();
    copy.writeChar(kind);
    if (kind != NOTHING) {
      require(kind == PARAMETER, "no parameter begins here");
      require(readByte() == PARAMETER_VERSION, "its version must be " + PARAMETER_VERSION);
      String actual = readText();
      require(actual.equals(name), "its name must be " + name + ", got " + actual);
      readArray(expected);
    }
  }

  private void readArray(Shape expected) throws IOException, MalformedModelException {
    require(readText().equals(ARRAY), "no array begins here");
    require(readInt() == ARRAY_VERSION, "the version of its array must be " + ARRAY_VERSION);
    if (readByte() == 1) {
      // The name once more.
      readText();
    }
    require(readText().equals("DENSE"), "it must be dense");
    DataType type = readType();
    ConstantInitializer.requireFloating(name, type);
    Shape shape = readShape();
    if (expected != null && !Arrays.equals(expected.getShape(), shape.getShape())) {
      throw new IllegalArgumentException("shape must be %s, got %s".formatted(expected, shape));
    }
    // The order of bytes, '<' or '>'.
    readByte();
    readElements(Math.multiplyExact(size(shape), (long) type.getNumOfBytes()));
  }

  private DataType readType() throws IOException, MalformedModelException {
    String text = readText();
    try {
      return DataType.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(name + " cannot be read: there is no dtype " + text, e);
    }
  }

  private Shape readShape() throws IOException, MalformedModelException {
    long[] sizes = new long[readCount()];
    for (int d = 0; d < sizes.length; d++) {
      sizes[d] = in.readLong();
      copy.writeLong(sizes[d]);
      require(sizes[d] >= 0, "a size must be >= 0, got " + sizes[d]);
    }
    char[] layout = new char[readCount()];
    require(layout.length == sizes.length, "its layout must have a letter for each axis");
    for (int d = 0; d < layout.length; d++) {
      layout[d] = in.readChar();
      copy.writeChar(layout[d]);
    }
    return new Shape(sizes, new String(layout));
  }

  private int readCount() throws IOException, MalformedModelException {
    int count = readInt();
    require(count >= 0 && count <= MOST_AXES, "it must have 0 to 64 axes, got " + count);
    return count;
  }

  private static long size(Shape shape) {
    return Shapes.size(shape.getShape());
  }

  private void readElements(long expected) throws IOException, MalformedModelException {
    int length = readInt();
    require(length == expected, "it must have " + expected + " bytes, got " + length);
    // Piece by piece: a file may end long before what it promises.
    byte[] elements = in.readNBytes(length);
    if (elements.length < length) {
      throw new EOFException();
    }
    copy.write(elements);
  }

  private byte readByte() throws IOException {
    byte number = in.readByte();
    copy.writeByte(number);
    return number;
  }

  private int readInt() throws IOException {
    int number = in.readInt();
    copy.writeInt(number);
    return number;
  }

  private String readText() throws IOException {
    String text = in.readUTF();
    copy.writeUTF(text);
    return text;
  }

  private void require(boolean isRight, String what) throws MalformedModelException {
    if (!isRight) {
      throw new MalformedModelException(name + " cannot be read: " + what);
    }
  }
}
