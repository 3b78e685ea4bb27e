#include "app/agent/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace hitless::app {
namespace {

constexpr std::string_view kApiVersion = "kubeproxy.config.k8s.io/v1alpha1";
constexpr std::string_view kKind = "KubeProxyConfiguration";

const ConfigKey* findKey(const std::string& path) {
  const auto keys = configKeys();
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const ConfigKey& key) { return key.path == path; });
  return found == keys.end() ? nullptr : &*found;
}

bool isSection(const std::string& path) {
  const auto keys = configKeys();
  return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) {
    return key.path.size() > path.size() && key.path.starts_with(path) &&
           key.path[path.size()] == '.';
  });
}

/// The key that was probably meant: in the same section first, then anywhere.
std::string suggestion(const std::string& path) {
  std::vector<std::string> paths{"apiVersion", "kind"};
  for (const ConfigKey& key : configKeys()) {
    paths.emplace_back(key.path);
  }
  if (const auto near = nearest(path, paths)) {
    return fmt::format("did you mean {}?", *near);
  }
  const std::string last = path.substr(path.rfind('.') + 1);
  for (const std::string& known : paths) {
    if (toLower(known.substr(known.rfind('.') + 1)) == toLower(last)) {
      return fmt::format("did you mean {}?", known);
    }
  }
  return "docs/configuration.md lists the keys";
}

/// Whether a plain scalar of YAML is anything but a string.
bool looksTyped(const std::string& text) {
  return fits(KeyKind::kBool, text) || parseInt(text).has_value();
}

class Reader {
 public:
  Reader(const std::string& name, ProxyConfig& config) : name_(name), config_(config) {}

  Status readSection(const YAML::Node& section, const std::string& prefix) {
    std::set<std::string> seen;
    for (const auto& entry : section) {
      const std::string path = prefix + entry.first.Scalar();
      if (!seen.insert(path).second) {
        return error(entry.first, path + " is there twice");
      }
      TRY_VOID(readEntry(entry.first, entry.second, path));
    }
    return {};
  }

  std::vector<ConfigNote> notes;

 private:
  tl::unexpected<Error> error(const YAML::Node& at, std::string message, std::string hint = {}) {
    return tl::unexpected(
        Error{ErrorKind::kInvalid, std::move(message),
              fmt::format("{}:{}:{}", name_, at.Mark().line + 1, at.Mark().column + 1),
              std::move(hint), 0});
  }

  Status readEntry(const YAML::Node& at, const YAML::Node& value, const std::string& path) {
    if (path == "apiVersion" || path == "kind") {
      return {};  // Checked before.
    }
    const ConfigKey* key = findKey(path);
    if (key == nullptr && isSection(path)) {
      if (value.IsNull()) {
        return {};
      }
      return value.IsMap() ? readSection(value, path + ".")
                           : Status(error(value, path + " must be a section with keys"));
    }
    if (key == nullptr) {
      return error(at, "unknown key " + path, suggestion(path));
    }
    if (key->effect != KeyEffect::kUsed && !value.IsNull()) {
      notes.push_back(
          {key->effect == KeyEffect::kForeign,
           fmt::format("{}:{}: {} has no effect: {}", name_, at.Mark().line + 1, path, key->help)});
    }
    return readValue(*key, value);
  }

  Status readValue(const ConfigKey& key, const YAML::Node& value) {
    if (value.IsNull() || key.kind == KeyKind::kAnything) {
      return {};
    }
    const auto wrong = [&](const YAML::Node& at) {
      return error(at, fmt::format("{} must be {}", key.path, describe(key.kind)));
    };
    const bool list = key.kind == KeyKind::kStrings;
    if (list ? !value.IsSequence() : !value.IsScalar()) {
      return wrong(value);
    }
    if (!list && value.Scalar().empty()) {
      return {};  // As kubeadm writes what it leaves to the defaults.
    }
    std::vector<std::string> texts;
    const auto take = [&](const YAML::Node& node) {
      if (!node.IsScalar()) {
        return false;
      }
      const std::string text = texts.emplace_back(node.Scalar());
      const bool plain = node.Tag() == "?";
      const bool textual = key.kind == KeyKind::kString || key.kind == KeyKind::kDuration || list;
      return (textual ? !(plain && looksTyped(text)) : plain) && fits(key.kind, text);
    };
    if (!list && !take(value)) {
      return wrong(value);
    }
    for (const YAML::Node& item : value) {
      if (list && !take(item)) {
        return wrong(item);
      }
    }
    return apply(key, value, texts);
  }

  Status apply(const ConfigKey& key, const YAML::Node& at, const std::vector<std::string>& texts) {
    if (key.set == nullptr) {
      return {};
    }
    if (Status set = key.set(config_, texts); !set) {
      const Error& why = set.error();
      return error(at, fmt::format("{}: {}", key.path, why.message), why.hint);
    }
    return {};
  }

  const std::string& name_;
  ProxyConfig& config_;
};

Status checkHead(const std::string& name, const YAML::Node& root) {
  const auto expect = [&](const char* key, std::string_view wanted) -> Status {
    const YAML::Node value = root[key];
    if (value && value.IsScalar() && value.Scalar() == wanted) {
      return {};
    }
    const int line = value ? value.Mark().line + 1 : 1;
    return tl::unexpected(Error{ErrorKind::kInvalid,
                                fmt::format("{} must be {}", key, wanted),
                                fmt::format("{}:{}", name, line),
                                {},
                                0});
  };
  TRY_VOID(expect("apiVersion", kApiVersion));
  return expect("kind", kKind);
}

}  // namespace

Result<std::vector<ConfigNote>> readConfig(const std::string& name, const std::string& yaml,
                                           ProxyConfig& config) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    if (!root.IsMap()) {
      return tl::unexpected(Error{ErrorKind::kInvalid, "is not a KubeProxyConfiguration", name,
                                  "docs/configuration.md shows one", 0});
    }
    TRY_VOID(checkHead(name, root));
    Reader reader(name, config);
    TRY_VOID(reader.readSection(root, ""));
    return std::move(reader.notes);
  } catch (const YAML::Exception& exception) {
    return tl::unexpected(
        Error{ErrorKind::kInvalid,
              exception.msg,
              fmt::format("{}:{}:{}", name, exception.mark.line + 1, exception.mark.column + 1),
              {},
              0});
  }
}

}  // namespace hitless::app
