#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/patch.h"

namespace hitless::kube {
namespace {

/// More than this is an attack, not a patch (the API server's own limit).
constexpr std::size_t kMaxOperations = 10000;

/// RFC 6901: the unescaped tokens of a pointer.
Result<std::vector<std::string>> parsePointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) {
    return tokens;
  }
  if (pointer[0] != '/') {
    return invalid(fmt::format("JSON pointer \"{}\" does not start with '/'", pointer));
  }
  for (const std::string_view part : split(pointer.substr(1), '/')) {
    std::string token;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
        continue;
      }
      const char code = i + 1 < part.size() ? part[++i] : '\0';
      if (code != '0' && code != '1') {
        return invalid(fmt::format("JSON pointer \"{}\" has a '~' that escapes nothing", pointer));
      }
      token += code == '0' ? '~' : '/';
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

/// An array index without leading zeros; nullopt for anything else.
std::optional<std::size_t> indexOf(const std::string& token) {
  if (token.size() > 1 && token[0] == '0') {
    return std::nullopt;
  }
  const auto number = parseUint(token);
  return number ? std::optional<std::size_t>(*number) : std::nullopt;
}

json::value* child(json::value& parent, const std::string& token) {
  if (json::object* object = parent.if_object()) {
    const auto it = object->find(token);
    return it == object->end() ? nullptr : &it->value();
  }
  json::array* array = parent.if_array();
  const auto index = indexOf(token);
  return array != nullptr && index && *index < array->size() ? &(*array)[*index] : nullptr;
}

/// One operation's view of the document: every path is resolved from the root.
class Patcher {
 public:
  explicit Patcher(json::value document) : document_(std::move(document)) {}

  Status apply(const json::object& operation) {
    const std::string_view op = text(operation, {"op"});
    const json::value* path = find(operation, "path");
    if (path == nullptr || !path->is_string()) {
      return invalid("JSON patch operation without a path");
    }
    const std::string_view target = path->get_string();
    if (op == "remove") {
      return remove(target, /*mustExist=*/false);
    }
    if (op == "move" || op == "copy") {
      return transfer(op == "move", text(operation, {"from"}), target);
    }
    const json::value* value = find(operation, "value");
    if (value == nullptr) {
      return invalid(fmt::format("JSON patch operation \"{}\" needs a value", op));
    }
    if (op == "add") {
      return add(target, *value);
    }
    if (op == "replace" || op == "test") {
      return op == "replace" ? replace(target, *value) : test(target, *value);
    }
    return invalid(fmt::format("unexpected kind of JSON patch operation: \"{}\"", op));
  }

  json::value release() { return std::move(document_); }

 private:
  static tl::unexpected<Error> missing(std::string_view path) {
    return invalid(fmt::format("JSON patch path does not exist: {}", path));
  }

  json::value* resolve(const std::vector<std::string>& tokens, std::size_t count) {
    json::value* at = &document_;
    for (std::size_t i = 0; i < count && at != nullptr; ++i) {
      at = child(*at, tokens[i]);
    }
    return at;
  }

  Status add(std::string_view path, json::value value) {
    const auto tokens = TRY(parsePointer(path));
    if (tokens.empty()) {
      document_ = std::move(value);
      return {};
    }
    json::value* parent = resolve(tokens, tokens.size() - 1);
    if (parent == nullptr) {
      return missing(path);
    }
    if (json::object* object = parent->if_object()) {
      (*object)[tokens.back()] = std::move(value);
      return {};
    }
    json::array* array = parent->if_array();
    if (array == nullptr) {
      return missing(path);
    }
    const auto index = tokens.back() == "-" ? std::optional(array->size()) : indexOf(tokens.back());
    if (!index || *index > array->size()) {
      return invalid(fmt::format("JSON patch path is out of range: {}", path));
    }
    array->insert(array->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return {};
  }

  Status remove(std::string_view path, bool mustExist) {
    const auto tokens = TRY(parsePointer(path));
    if (tokens.empty()) {
      return invalid("JSON patch cannot remove the whole document");
    }
    json::value* parent = resolve(tokens, tokens.size() - 1);
    if (parent == nullptr || child(*parent, tokens.back()) == nullptr) {
      return mustExist ? missing(path) : Status{};
    }
    if (json::object* object = parent->if_object()) {
      object->erase(tokens.back());
    } else {
      json::array& array = parent->get_array();
      array.erase(array.begin() + static_cast<std::ptrdiff_t>(*indexOf(tokens.back())));
    }
    return {};
  }

  Status replace(std::string_view path, const json::value& value) {
    const auto tokens = TRY(parsePointer(path));
    json::value* target = resolve(tokens, tokens.size());
    if (target == nullptr) {
      return missing(path);
    }
    *target = value;
    return {};
  }

  Status test(std::string_view path, const json::value& value) {
    const auto tokens = TRY(parsePointer(path));
    const json::value* target = resolve(tokens, tokens.size());
    // A path that does not exist tests equal to null, as the API server's library has it.
    const bool equal = target == nullptr ? value.is_null() : *target == value;
    return equal ? Status{}
                 : fail(ErrorKind::kConflict, fmt::format("JSON patch test failed: {}", path));
  }

  Status transfer(bool move, std::string_view from, std::string_view path) {
    const auto tokens = TRY(parsePointer(from));
    const json::value* source = resolve(tokens, tokens.size());
    if (source == nullptr) {
      return missing(from);
    }
    const bool inside = path.size() > from.size() && path.substr(0, from.size()) == from &&
                        path[from.size()] == '/';
    if (move && inside) {
      return invalid(fmt::format("JSON patch cannot move {} into itself", from));
    }
    json::value copy = *source;
    if (move && from != path) {
      TRY_VOID(remove(from, /*mustExist=*/true));
    }
    return move && from == path ? Status{} : add(path, std::move(copy));
  }

  json::value document_;
};

}  // namespace

Result<json::value> applyJsonPatch(json::value document, const json::value& patch) {
  const json::array* operations = patch.if_array();
  if (operations == nullptr) {
    return invalid("a JSON patch is an array of operations");
  }
  if (operations->size() > kMaxOperations) {
    return invalid(fmt::format("JSON patch has {} operations; the limit is {}", operations->size(),
                               kMaxOperations));
  }
  Patcher patcher(std::move(document));
  for (const json::value& operation : *operations) {
    const json::object* object = operation.if_object();
    if (object == nullptr) {
      return invalid("a JSON patch operation is an object");
    }
    TRY_VOID(patcher.apply(*object));
  }
  return patcher.release();
}

}  // namespace hitless::kube
