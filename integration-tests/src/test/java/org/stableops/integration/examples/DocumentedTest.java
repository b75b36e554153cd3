package org.stableops.integration.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.doctree.ReturnTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.TreePath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.TypeKind;
import javax.lang.model.util.ElementFilter;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Everything that users see has a Javadoc, and of overloads the longest one tells of every
 * parameter and of the result; a line that leads there is enough for the others.
 */
class DocumentedTest {
  private final List<String> missing = new ArrayList<>();
  private int documented;

  @Test
  void everythingPublicIsDocumented() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      // A processor of annotations sees what is declared, before the bodies are compiled.
      List<String> options =
          List.of("-cp", System.getProperty("java.class.path"), "-proc:only", "-Xlint:none");
      JavaCompiler.CompilationTask task =
          compiler.getTask(
              null, files, null, options, null, files.getJavaFileObjectsFromPaths(sources()));
      task.setProcessors(List.of(new Reader()));
      assertTrue(task.call());
    }
    assertEquals(List.of(), missing);
    assertTrue(documented > 300, () -> "looks at " + documented);
  }

  /** Checks every type. */
  @SupportedAnnotationTypes("*")
  private final class Reader extends AbstractProcessor {
    @Override
    public SourceVersion getSupportedSourceVersion() {
      return SourceVersion.latest();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
      DocTrees trees = DocTrees.instance(processingEnv);
      for (Element element : round.getRootElements()) {
        if (element instanceof TypeElement type && isSeen(type)) {
          check(type, trees);
        }
      }
      return false;
    }
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : UserSources.MODULES) {
      sources.addAll(UserSources.of(module));
    }
    return sources;
  }

  private static boolean isSeen(Element element) {
    Set<Modifier> modifiers = element.getModifiers();
    return modifiers.contains(Modifier.PUBLIC) || modifiers.contains(Modifier.PROTECTED);
  }

  private void check(TypeElement type, DocTrees trees) {
    document(type, trees);
    for (Element member : type.getEnclosedElements()) {
      if (!isSeen(member) || isMadeByTheCompiler(member, trees)) {
        continue;
      }
      if (member instanceof TypeElement nested) {
        check(nested, trees);
      } else if (member.getAnnotation(Override.class) == null) {
        DocCommentTree comment = document(member, trees);
        if (comment != null && member instanceof ExecutableElement method && isLongest(method)) {
          checkTags(method, comment);
        }
      }
    }
  }

  private static boolean isMadeByTheCompiler(Element member, DocTrees trees) {
    TreePath path = trees.getPath(member);
    boolean isOfRecord = member.getEnclosingElement().getKind() == ElementKind.RECORD;
    boolean isDefault =
        member.getKind() == ElementKind.CONSTRUCTOR
            && path != null
            && trees.getSourcePositions().getEndPosition(path.getCompilationUnit(), path.getLeaf())
                < 0;
    return path == null || isDefault || isOfRecord && trees.getDocCommentTree(path) == null;
  }

  private DocCommentTree document(Element element, DocTrees trees) {
    DocCommentTree comment = trees.getDocCommentTree(trees.getPath(element));
    documented++;
    if (comment == null || comment.getFirstSentence().isEmpty()) {
      missing.add(name(element));
    }
    return comment;
  }

  private static String name(Element element) {
    return element.getEnclosingElement() + "." + element;
  }

  /** Whether no overload has more parameters. */
  private static boolean isLongest(ExecutableElement method) {
    return ElementFilter.methodsIn(method.getEnclosingElement().getEnclosedElements()).stream()
        .filter(other -> other.getSimpleName().equals(method.getSimpleName()) && isSeen(other))
        .noneMatch(other -> other.getParameters().size() > method.getParameters().size());
  }

  private void checkTags(ExecutableElement method, DocCommentTree comment) {
    List<String> parameters =
        comment.getBlockTags().stream()
            .filter(tag -> tag instanceof ParamTree param && !param.isTypeParameter())
            .map(tag -> ((ParamTree) tag).getName().toString())
            .toList();
    List<String> expected =
        method.getParameters().stream().map(p -> p.getSimpleName().toString()).toList();
    boolean returns = method.getReturnType().getKind() != TypeKind.VOID;
    boolean tellsResult =
        Stream.concat(comment.getBlockTags().stream(), comment.getFirstSentence().stream())
            .anyMatch(ReturnTree.class::isInstance);
    if (!parameters.equals(expected)
        || method.getKind() == ElementKind.METHOD && returns && !tellsResult) {
      missing.add("tags of " + name(method));
    }
  }
}
