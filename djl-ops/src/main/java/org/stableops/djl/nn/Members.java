package org.stableops.djl.nn;

import ai.djl.MalformedModelException;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The members of an object of JSON, each to be asked for, and none to be left. */
final class Members {
  private static final int MOST_CHARACTERS = 60;

  private final String where;
  private final JsonObject object;
  private final Set<String> unread;

  private Members(String where, JsonObject object) {
    this.where = where;
    this.object = object;
    unread = new HashSet<>(object.keySet());
  }

  static Members of(String where, JsonElement element) throws MalformedModelException {
    if (!(element instanceof JsonObject object)) {
      throw new MalformedModelException(where + " must be an object, got " + excerpt(element));
    }
    return new Members(where, object);
  }

  String string(String name) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isString(), name, "a string");
    return value.getAsString();
  }

  boolean truth(String name) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isBoolean(), name, "true or false");
    return value.getAsBoolean();
  }

  double number(String name) throws MalformedModelException {
    JsonPrimitive value = primitive(name);
    require(value.isNumber(), name, "a number");
    return value.getAsDouble();
  }

  int integer(String name) throws MalformedModelException {
    double value = number(name);
    require(value == (int) value, name, "an integer");
    return (int) value;
  }

  boolean has(String name) {
    return object.has(name);
  }

  Members object(String name) throws MalformedModelException {
    return of(where + "." + name, member(name));
  }

  List<JsonElement> list(String name) throws MalformedModelException {
    JsonElement value = member(name);
    require(value.isJsonArray(), name, "a list");
    return value.getAsJsonArray().asList();
  }

  String where() {
    return where;
  }

  /** What nobody asked for may change what the others mean. */
  void requireNoOthers() throws MalformedModelException {
    if (!unread.isEmpty()) {
      throw new MalformedModelException(where + " must have no other members, got " + unread);
    }
  }

  private JsonPrimitive primitive(String name) throws MalformedModelException {
    JsonElement value = member(name);
    require(value.isJsonPrimitive(), name, "a string, number, true or false");
    return value.getAsJsonPrimitive();
  }

  private JsonElement member(String name) throws MalformedModelException {
    JsonElement value = object.get(name);
    if (value == null) {
      throw new MalformedModelException(where + " must have the member " + name);
    }
    unread.remove(name);
    return value;
  }

  private void require(boolean condition, String name, String what) throws MalformedModelException {
    if (!condition) {
      throw new MalformedModelException(
          "%s.%s must be %s, got %s".formatted(where, name, what, excerpt(object.get(name))));
    }
  }

  /** A file may be long. */
  private static String excerpt(JsonElement element) {
    String text = element.toString();
    return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
  }
}
