#include "core/proxy/inject/manifest.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>

#include "core/kube/yaml.h"
#include "core/kube/yaml_text.h"

namespace hitless::proxy::inject {
namespace {

namespace json = kube::json;

/// Where the pod is in an object of a kind; nothing: it is the object.
struct Workload {
  std::string_view group;  ///< Before the slash of apiVersion; empty: apiVersion is "v1".
  std::string_view kind;
  std::array<std::string_view, 4> path = {};
};
constexpr std::array<Workload, 8> kWorkloads = {
    {{"", "Pod"},
     {"", "ReplicationController", {"spec", "template"}},
     {"apps", "Deployment", {"spec", "template"}},
     {"apps", "ReplicaSet", {"spec", "template"}},
     {"apps", "StatefulSet", {"spec", "template"}},
     {"apps", "DaemonSet", {"spec", "template"}},
     {"batch", "Job", {"spec", "template"}},
     {"batch", "CronJob", {"spec", "jobTemplate", "spec", "template"}}}};

const Workload* workloadOf(const json::object& object) {
  const std::string_view version = kube::text(object, {"apiVersion"});
  const std::size_t slash = version.find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view() : version.substr(0, slash);
  for (const Workload& workload : kWorkloads) {
    if (workload.group == group && workload.kind == kube::text(object, {"kind"})) {
      return &workload;
    }
  }
  return nullptr;
}

/// One document as it stands in the file, with the line that separates it from the one before.
struct Piece {
  std::string_view text;
  int line = 1;  ///< Of its first one.
};

/// "---" at the beginning of a line is nothing but a separator (YAML 1.2, 9.1.2).
bool separates(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' ||
                                     line[3] == '\n' || line[3] == '\r');
}

std::vector<Piece> piecesOf(std::string_view text) {
  std::vector<Piece> out;
  int number = 1;
  std::size_t begin = 0;
  int beginLine = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (at > begin && separates(text.substr(at, end - at))) {
      out.push_back({text.substr(begin, at - begin), beginLine});
      begin = at;
      beginLine = number;
    }
    at = end;
  }
  out.push_back({text.substr(begin), beginLine});
  return out;
}

std::string titleOf(const json::object& object) {
  const std::string_view name = kube::text(object, {"metadata", "name"});
  return fmt::format("{} {}", kube::text(object, {"kind"}),
                     name.empty() ? kube::text(object, {"metadata", "generateName"}) : name);
}

class Run {
 public:
  Run(std::string_view file, const ManifestOptions& options) : file_(file), options_(options) {}

  /// Whether the document has changed.
  Result<bool> change(json::value& value, int line) {
    json::object* object = value.if_object();
    if (object == nullptr || kube::text(*object, {"kind"}).empty() ||
        kube::text(*object, {"apiVersion"}).empty()) {
      return tl::unexpected<Error>(Error{ErrorKind::kInvalid,
                                         "not a Kubernetes object: apiVersion and kind must be set",
                                         fmt::format("{}:{}", file_, line),
                                         {},
                                         0});
    }
    if (kube::text(*object, {"kind"}) == "List" && kube::findArray(*object, {"items"}) != nullptr) {
      bool changed = false;
      for (json::value& item : object->at("items").as_array()) {
        changed = TRY(change(item, line)) || changed;
      }
      return changed;
    }
    const bool changed = changeObject(*object, line);
    out.changed += changed ? 1 : 0;
    return changed;
  }

  Injected out;

 private:
  bool changeObject(json::object& object, int line) {
    json::object* pod = podOf(object);
    if (pod == nullptr) {
      return false;
    }
    const json::object before = *pod;
    // Made anew, so that what the annotations say now counts.
    removeSidecar(*pod);
    if (!options_.remove) {
      for (const std::string& warning :
           injectSidecar(*pod, {options_.image, nullptr, true}).warnings) {
        out.warnings.push_back(fmt::format("{}:{}: {}: {}", file_, line, titleOf(object), warning));
      }
    }
    return *pod != before;
  }

  std::string_view file_;
  const ManifestOptions& options_;
};

/// What a document begins with: the separator, if it has one, and comments.
std::string headOf(std::string_view piece) {
  std::string out;
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t end = std::min(piece.find('\n', at), piece.size() - 1) + 1;
    const std::string_view line = piece.substr(at, end - at);
    if (at == 0 && separates(line)) {
      out = "---\n";
    } else if (line.front() == '#' || line.front() == '\n') {
      out += line;
    } else {
      break;
    }
    at = end;
  }
  return out;
}

/// Each document by itself. A file whose parts are not its documents is left to the caller.
Result<std::optional<std::string>> byPieces(std::string_view text, std::string_view file,
                                            std::span<const kube::YamlDocument> documents,
                                            const std::vector<bool>& changed) {
  std::string out;
  std::size_t next = 0;
  for (const Piece& piece : piecesOf(text)) {
    const auto parsed = kube::parseYaml(piece.text, file);
    if (!parsed || parsed->size() > 1 || next + parsed->size() > documents.size()) {
      return std::nullopt;
    }
    const bool has = !parsed->empty();
    out += has && changed[next] ? headOf(piece.text) + kube::yamlText(documents[next].value)
                                : std::string(piece.text);
    if (!out.empty() && out.back() != '\n') {
      out += '\n';
    }
    next += has ? 1 : 0;
  }
  return next == documents.size() ? std::optional(std::move(out)) : std::nullopt;
}

std::string asYaml(std::span<const kube::YamlDocument> documents) {
  std::string out;
  for (const kube::YamlDocument& document : documents) {
    out += (out.empty() ? "" : "---\n") + kube::yamlText(document.value);
  }
  return out;
}

std::string asJson(std::span<kube::YamlDocument> documents) {
  if (documents.size() == 1) {
    return json::serialize(documents.front().value) + "\n";
  }
  json::object list{{"apiVersion", "v1"}, {"kind", "List"}};
  json::array& items = list["items"].emplace_array();
  for (kube::YamlDocument& document : documents) {
    items.push_back(std::move(document.value));
  }
  return json::serialize(list) + "\n";
}

}  // namespace

json::object* podOf(json::object& object) {
  const Workload* workload = workloadOf(object);
  json::object* level = workload == nullptr ? nullptr : &object;
  for (std::size_t i = 0; level != nullptr && i < workload->path.size(); ++i) {
    if (workload->path[i].empty()) {
      break;
    }
    const auto it = level->find(workload->path[i]);
    level = it == level->end() ? nullptr : it->value().if_object();
  }
  return level;
}

Result<Injected> injectInto(std::string_view text, std::string_view file,
                            const ManifestOptions& options) {
  std::vector<kube::YamlDocument> documents = TRY(kube::parseYaml(text, file));
  Run run(file, options);
  std::vector<bool> changed;
  for (kube::YamlDocument& document : documents) {
    changed.push_back(TRY(run.change(document.value, document.line)));
  }
  if (options.json) {
    run.out.text = asJson(documents);
    return std::move(run.out);
  }
  auto pieces = TRY(byPieces(text, file, documents, changed));
  run.out.text = pieces ? *std::move(pieces) : asYaml(documents);
  return std::move(run.out);
}

}  // namespace hitless::proxy::inject
