package org.stableops.integration.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every public class that a user meets has an example in its Javadoc, and the example compiles. */
class JavadocExamplesTest {
  /** Found by name, or a mark: nobody writes them. */
  private static final Set<String> NOT_FOR_USERS = Set.of("Internal", "Registration");

  private static final Pattern EXAMPLE =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n \\* \\}</pre>", Pattern.DOTALL);

  private static final String OF_BOTH =
      """
      import java.io.*;
      import java.nio.file.*;
      import java.util.*;
      import org.stableops.*;
      import org.stableops.FusedPath;
      """;

  private static final String OF_DJL =
      OF_BOTH
          + """
          import ai.djl.*;
          import ai.djl.ndarray.*;
          import ai.djl.ndarray.types.*;
          import ai.djl.nn.*;
          import ai.djl.nn.core.*;
          import ai.djl.repository.zoo.*;
          import ai.djl.training.*;
          import ai.djl.training.initializer.*;
          import ai.djl.training.loss.*;
          import org.stableops.djl.*;
          import org.stableops.djl.evaluator.*;
          import org.stableops.djl.loss.*;
          import org.stableops.djl.nn.*;
          import org.stableops.djl.training.*;
          """;

  private static final String OF_ND4J =
      OF_BOTH
          + """
          import org.deeplearning4j.nn.conf.*;
          import org.deeplearning4j.nn.conf.inputs.*;
          import org.deeplearning4j.nn.conf.layers.*;
          import org.deeplearning4j.nn.multilayer.*;
          import org.deeplearning4j.nn.transferlearning.*;
          import org.nd4j.autodiff.samediff.*;
          import org.nd4j.linalg.activations.Activation;
          import org.nd4j.linalg.api.buffer.DataType;
          import org.nd4j.linalg.api.ndarray.*;
          import org.nd4j.linalg.factory.*;
          import org.nd4j.linalg.learning.config.*;
          import org.stableops.nd4j.*;
          import org.stableops.nd4j.activations.*;
          import org.stableops.nd4j.evaluation.*;
          import org.stableops.nd4j.layers.*;
          import org.stableops.nd4j.lossfunctions.*;
          import org.stableops.nd4j.samediff.*;
          import org.stableops.nd4j.weights.*;
          """;

  @Test
  void compile(@TempDir Path classes) throws IOException {
    List<JavaFileObject> programs = new ArrayList<>();
    programs.addAll(programs("core", OF_DJL));
    programs.addAll(programs("djl-ops", OF_DJL));
    programs.addAll(programs("nd4j-ops", OF_ND4J));
    StringWriter messages = new StringWriter();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options =
        List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
    boolean compiled = compiler.getTask(messages, null, null, options, null, programs).call();
    assertTrue(compiled, messages::toString);
    assertTrue(programs.size() >= 30, () -> "only " + programs.size() + " examples");
  }

  @Test
  void areEverywhere() throws IOException {
    List<String> without = new ArrayList<>();
    for (String module : UserSources.MODULES) {
      for (Path source : publicClasses(module)) {
        if (!example(source).find()) {
          without.add(name(source));
        }
      }
    }
    assertEquals(List.of(), without);
  }

  private static List<JavaFileObject> programs(String module, String imports) throws IOException {
    List<JavaFileObject> programs = new ArrayList<>();
    for (Path source : publicClasses(module)) {
      Matcher example = example(source);
      for (int i = 1; example.find(); i++) {
        programs.add(program(module, name(source) + i, imports, example.group(1)));
      }
    }
    return programs;
  }

  private static JavaFileObject program(
      String module, String name, String imports, String example) {
    String unique = module.replace("-", "") + name + "Example";
    String body =
        example.lines().map(l -> l.replaceFirst("^ \\* ?", "")).collect(Collectors.joining("\n"));
    String code =
        "%sclass %s {\n void run() throws Exception {\n%s\n}}\n".formatted(imports, unique, body);
    return new SimpleJavaFileObject(
        URI.create("string:///" + unique + ".java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return code;
      }
    };
  }

  private static List<Path> publicClasses(String module) throws IOException {
    return UserSources.of(module).stream().filter(JavadocExamplesTest::isForUsers).toList();
  }

  private static boolean isForUsers(Path file) {
    return !file.endsWith("package-info.java")
        && !NOT_FOR_USERS.contains(name(file))
        && isPublic(file);
  }

  private static boolean isPublic(Path file) {
    return Pattern.compile("^public ", Pattern.MULTILINE).matcher(read(file)).find();
  }

  private static Matcher example(Path file) {
    return EXAMPLE.matcher(read(file));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".java", "");
  }
}
