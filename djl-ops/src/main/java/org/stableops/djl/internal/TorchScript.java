package org.stableops.djl.internal;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A module of TorchScript methods, made from their source without Python: the way to what libtorch
 * has and DJL's NDArray has not. The model is held because its finalizer deletes the module.
 */
public final class TorchScript implements AutoCloseable {
  private static final String CLASS = "Methods";

  /** DJL takes an array of such a name for the choice of the method, not for an argument. */
  private static final String METHOD = "module_method:";

  private final Model model;

  private TorchScript(Model model) {
    this.model = model;
  }

  /**
   * Compiles methods.
   *
   * @param methods as in the body of a class, without their indentation
   * @return the module, which the caller closes
   * @throws IllegalArgumentException if libtorch cannot load them
   */
  public static TorchScript of(String methods) {
    Model model = Model.newInstance(CLASS, "PyTorch");
    try {
      model.load(new ByteArrayInputStream(archive(methods)));
    } catch (IOException | MalformedModelException e) {
      model.close();
      throw new IllegalArgumentException(methods, e);
    }
    return new TorchScript(model);
  }

  /**
   * Calls a method, in the graph that is being recorded, if any.
   *
   * @param method its name
   * @param arguments one array or more
   * @return its result, of the first argument's manager
   */
  public NDArray call(String method, NDArray... arguments) {
    return forward(method, true, arguments);
  }

  /**
   * Calls a method for inference, as a Predictor does: in no graph, whatever is being recorded.
   *
   * @param method its name
   * @param arguments one array or more
   * @return its result, of the first argument's manager
   */
  public NDArray infer(String method, NDArray... arguments) {
    return forward(method, false, arguments);
  }

  private NDArray forward(String method, boolean training, NDArray... arguments) {
    return forward(method, training, new NDList(arguments)).singletonOrThrow();
  }

  /**
   * Calls a method, in the graph that is being recorded, if any.
   *
   * @param method its name
   * @param arguments arrays, of which those named {@code x[]} are one argument, a list
   * @return its results, of the first argument's manager
   */
  NDList callWithLists(String method, NDList arguments) {
    return forward(method, true, arguments);
  }

  private NDList forward(String method, boolean training, NDList arguments) {
    NDManager manager = arguments.get(0).getManager();
    try (NDArray choice = manager.create(0)) {
      choice.setName(METHOD + method);
      NDList list = new NDList(arguments);
      list.add(choice);
      ParameterStore parameters = new ParameterStore(manager, false);
      return model.getBlock().forward(parameters, list, training);
    }
  }

  @Override
  public void close() {
    model.close();
  }

  /** What torch.jit.load reads: a zip without compression. */
  private static byte[] archive(String methods) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "data.pkl", instance());
      put(zip, "code/__torch__.py", source(methods).getBytes(StandardCharsets.UTF_8));
      // The empty tuple, in protocol 2.
      put(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static String source(String methods) {
    return ("class " + CLASS + "(Module):\n")
        + "  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
        + methods.indent(2);
  }

  /** Pickled: an instance of the class whose only attribute is training = True. */
  private static byte[] instance() throws IOException {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.write(new byte[] {(byte) 0x80, 2});
    pickle.write(("c__torch__\n" + CLASS + "\n").getBytes(StandardCharsets.US_ASCII));
    pickle.write(new byte[] {'q', 0, ')', (byte) 0x81, '}', 'q', 1, '('});
    byte[] attribute = "training".getBytes(StandardCharsets.US_ASCII);
    pickle.write(new byte[] {'X', (byte) attribute.length, 0, 0, 0});
    pickle.write(attribute);
    pickle.write(new byte[] {(byte) 0x88, 'u', 'b', '.'});
    return pickle.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry("module/" + name);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    CRC32 checksum = new CRC32();
    checksum.update(content);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
