package org.stableops.notebooks;

import static jdk.jshell.Snippet.Status.RECOVERABLE_DEFINED;
import static jdk.jshell.Snippet.Status.RECOVERABLE_NOT_DEFINED;
import static jdk.jshell.Snippet.Status.REJECTED;
import static jdk.jshell.SourceCodeAnalysis.Completeness.EMPTY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.annotations.SerializedName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;
import org.junit.jupiter.api.Test;
import org.rapaio.jupyter.kernel.core.RapaioKernel;

/** The cells of the notebooks compile. That they run, notebooks/run shows, in minutes. */
class NotebooksTest {
  // Surefire's own class path is a jar with nothing but a manifest.
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private static final Set<Snippet.Status> FAULTY =
      EnumSet.of(REJECTED, RECOVERABLE_DEFINED, RECOVERABLE_NOT_DEFINED);

  @Test
  void compile() throws IOException {
    List<Path> notebooks;
    try (Stream<Path> files = Files.list(Path.of(""))) {
      notebooks = files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
    assertTrue(notebooks.size() >= 6, () -> "only " + notebooks);
    Cell start = startOfKernel();
    List<String> faults =
        notebooks.parallelStream()
            .flatMap(file -> faults(CLASS_PATH, Stream.concat(Stream.of(start), cells(file))))
            .toList();
    assertEquals(List.of(), faults);
  }

  @Test
  void findsWhatDoesNotCompile() {
    Cell right =
        new Cell("right", "int one() { return two(); }\nint two() { return 2; }\n one() // 2");
    Cell wrong = new Cell("wrong", "double three = one() + Math.missing();");
    assertEquals(List.of(), faults(right));
    List<String> faults = faults(right, wrong);
    assertEquals(1, faults.size());
    assertTrue(faults.get(0).startsWith("wrong: "), faults.get(0));
    assertTrue(faults.get(0).contains("missing"), faults.get(0));
    Cell early = new Cell("early", "int four() { return later(); }");
    assertEquals(1, faults(early, new Cell("late", "int later() { return 4; }")).size());
    assertEquals(1, faults(new Cell("open", "int five() {")).size());
    assertEquals(1, faults(early, right).size(), "only that of the cell itself");
    for (String unknown : List.of("Missing six() { return null; }", "Missing seven;")) {
      List<String> found = faults(new Cell("unknown", unknown));
      assertEquals(1, found.size());
      assertTrue(found.get(0).contains("Missing"), found.get(0));
    }
  }

  private static List<String> faults(Cell... cells) {
    return faults("", Stream.of(cells)).toList();
  }

  private static Stream<String> faults(String classPath, Stream<Cell> cells) {
    List<String> faults = new ArrayList<>();
    try (JShell shell = JShell.builder().executionEngine(new CompileOnly(), null).build()) {
      shell.addToClasspath(classPath);
      cells.filter(Cell::isJava).forEach(cell -> check(shell, cell, faults));
    }
    return faults.stream();
  }

  /** What the kernel itself runs before the first cell. */
  private static Cell startOfKernel() throws IOException {
    try (InputStream code = RapaioKernel.class.getResourceAsStream("/init.jshell")) {
      return new Cell("init.jshell", new String(code.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static void check(JShell shell, Cell cell, List<String> faults) {
    SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
    List<Snippet> snippets = new ArrayList<>();
    CompletionInfo next = analysis.analyzeCompletion(cell.code());
    for (; next.completeness() != EMPTY; next = analysis.analyzeCompletion(next.remaining())) {
      if (!next.completeness().isComplete()) {
        faults.add(cell.id + ": " + next.completeness() + " in " + next.remaining());
        return;
      }
      shell.eval(next.source()).stream()
          .filter(event -> event.causeSnippet() == null)
          .forEach(event -> snippets.add(event.snippet()));
    }
    // What refers to something that only a later cell defines fails when it is called before.
    snippets.stream()
        .filter(snippet -> FAULTY.contains(shell.status(snippet)))
        .forEach(snippet -> faults.add(cell.id + ": " + message(shell, snippet)));
  }

  private static String message(JShell shell, Snippet snippet) {
    Stream<String> undefined =
        snippet instanceof DeclarationSnippet declaration
            ? shell.unresolvedDependencies(declaration)
            : Stream.empty();
    Stream<String> errors = shell.diagnostics(snippet).map(d -> d.getMessage(Locale.ROOT));
    return Stream.concat(undefined, errors)
        .collect(Collectors.joining("; ", "", " in " + snippet.source()));
  }

  private static Stream<Cell> cells(Path notebook) {
    try {
      String name = notebook.toString();
      return new Gson()
          .fromJson(Files.readString(notebook), Notebook.class).cells.stream()
              .map(cell -> new Cell(name + ", " + cell.id, cell.type, cell.source));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Notebook(List<Cell> cells) {}

  private record Cell(String id, @SerializedName("cell_type") String type, List<String> source) {
    Cell(String id, String code) {
      this(id, "code", List.of(code));
    }

    String code() {
      return String.join("", source);
    }

    boolean isJava() {
      return type.equals("code") && !code().startsWith("%");
    }
  }

  /** Takes what the compiler makes, and runs none of it. */
  private static final class CompileOnly implements ExecutionControlProvider, ExecutionControl {
    @Override
    public String name() {
      return "compile only";
    }

    @Override
    public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
      return this;
    }

    @Override
    public void load(ClassBytecodes[] classes) {}

    @Override
    public void redefine(ClassBytecodes[] classes) {}

    @Override
    public String invoke(String className, String methodName) {
      return "";
    }

    @Override
    public String varValue(String className, String variable) {
      return "";
    }

    @Override
    public void addToClasspath(String path) {}

    @Override
    public void stop() {}

    @Override
    public Object extensionCommand(String command, Object argument) {
      return null;
    }

    @Override
    public void close() {}
  }
}
