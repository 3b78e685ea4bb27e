#include "app/cluster/manifests.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/cluster/run_dir.h"
#include "core/kube/yaml.h"

namespace hitless::app {
namespace {

namespace fs = std::filesystem;
namespace json = kube::json;

Result<std::vector<fs::path>> filesOf(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    return std::vector<fs::path>{path};
  }
  if (!fs::is_directory(path, error)) {
    return fail(ErrorKind::kNotFound, fmt::format("'{}' is neither a file nor a folder", path));
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string extension = entry.path().extension();
    if ((extension == ".yaml" || extension == ".yml" || extension == ".json") &&
        entry.path().filename() != "scenario.yaml") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    return fail(ErrorKind::kNotFound, fmt::format("folder '{}' holds no manifests", path),
                "put *.yaml files there");
  }
  return files;
}

Status add(std::vector<Manifest>& out, const json::value& value, const std::string& source) {
  const json::object* object = value.if_object();
  if (object == nullptr || kube::text(*object, {"kind"}).empty() ||
      kube::text(*object, {"apiVersion"}).empty()) {
    return tl::unexpected<Error>(Error{ErrorKind::kInvalid,
                                       "not a Kubernetes object: apiVersion and kind must be set",
                                       source,
                                       {},
                                       0});
  }
  const json::array* items = kube::findArray(*object, {"items"});
  if (kube::text(*object, {"kind"}) == "List" && items != nullptr) {
    for (const json::value& item : *items) {
      TRY_VOID(add(out, item, source));
    }
    return {};
  }
  out.push_back({*object, source});
  return {};
}

}  // namespace

Result<std::vector<Manifest>> readManifests(const std::vector<std::string>& paths) {
  std::vector<Manifest> out;
  for (const std::string& path : paths) {
    for (const fs::path& file : TRY(filesOf(path))) {
      const std::string text = TRY(readFile(file));
      for (const kube::YamlDocument& document : TRY(kube::parseYaml(text, file.string()))) {
        TRY_VOID(add(out, document.value, fmt::format("{}:{}", file.string(), document.line)));
      }
    }
  }
  return out;
}

}  // namespace hitless::app
