#include "core/node/volume_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::node {
namespace {

class Collector {
 public:
  explicit Collector(std::int64_t defaultMode) : defaultMode_(defaultMode) {}

  Status add(const std::string& path, std::string content, std::optional<std::int64_t> mode) {
    if (!staysInside(path)) {
      return invalid(fmt::format("path \"{}\" leaves the volume", path),
                     "use a relative path without \"..\"");
    }
    std::erase_if(files_, [&path](const VolumeFile& file) { return file.path == path; });
    files_.push_back({path, std::move(content), mode.value_or(defaultMode_)});
    return {};
  }

  std::vector<VolumeFile> take() { return std::move(files_); }

 private:
  std::int64_t defaultMode_;
  std::vector<VolumeFile> files_;
};

Status addSource(const SourceProjection& row, const Sources& sources, Collector& out) {
  const auto source = sources.found.find(row.source);
  if (source == sources.found.end()) {
    return row.optional ? Status()
                        : fail(ErrorKind::kNotFound, describe(row.source) + " not found");
  }
  if (row.items.empty()) {
    for (const auto& [key, value] : source->second) {
      TRY_VOID(out.add(key, value, std::nullopt));
    }
    return {};
  }
  for (const KeyToPath& item : row.items) {
    const auto value = source->second.find(item.key);
    if (value != source->second.end()) {
      TRY_VOID(out.add(item.path, value->second, item.mode));
    } else if (!row.optional) {
      return fail(ErrorKind::kNotFound, fmt::format("{} references non-existent key: {}",
                                                    describe(row.source), item.key));
    }
  }
  return {};
}

Status addDownward(const PodSpec& spec, const DownwardProjection& row, const PodFacts& facts,
                   Collector& out) {
  for (const DownwardItem& item : row.items) {
    const auto* field = std::get_if<FieldRef>(&item.value);
    std::string value =
        field != nullptr
            ? TRY(fieldValue(spec, facts, *field))
            : TRY(resourceValue(spec, facts, {}, std::get<ResourceFieldRef>(item.value)));
    TRY_VOID(out.add(item.path, std::move(value), item.mode));
  }
  return {};
}

}  // namespace

bool staysInside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) {
    return false;
  }
  const auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](std::string_view part) { return part == ".."; });
}

Result<std::vector<VolumeFile>> volumeFiles(const PodSpec& spec, const Projected& volume,
                                            const PodFacts& facts, const Sources& sources) {
  Collector out(volume.defaultMode);
  for (const Projection& row : volume.rows) {
    if (const auto* source = std::get_if<SourceProjection>(&row)) {
      TRY_VOID(addSource(*source, sources, out));
    } else if (const auto* downward = std::get_if<DownwardProjection>(&row)) {
      TRY_VOID(addDownward(spec, *downward, facts, out));
    } else if (const auto* token = std::get_if<TokenProjection>(&row)) {
      TRY_VOID(out.add(token->path, sources.serviceAccountToken, std::nullopt));
    }
  }
  return out.take();
}

}  // namespace hitless::node
