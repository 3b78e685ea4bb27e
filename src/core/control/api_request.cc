#include "core/control/api_request.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace hitless::control {
namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string unescape(std::string_view text, bool plusIsBlank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? hexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plusIsBlank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// One entry of an Accept header.
struct MediaRange {
  std::string type;
  std::string as;
  std::string group;
  std::string version;
};

void setParameter(MediaRange& range, std::string_view key, std::string_view value) {
  if (key == "as") {
    range.as = std::string(value);
  } else if (key == "g") {
    range.group = std::string(value);
  } else if (key == "v") {
    range.version = std::string(value);
  }
}

std::vector<MediaRange> mediaRanges(std::string_view accept) {
  std::vector<MediaRange> out;
  for (const std::string_view entry : split(accept, ',')) {
    MediaRange range;
    bool first = true;
    for (std::string_view part : split(entry, ';')) {
      part = trim(part);
      const auto equals = part.find('=');
      if (std::exchange(first, false)) {
        range.type = toLower(part);
      } else if (equals != std::string_view::npos) {
        setParameter(range, part.substr(0, equals), part.substr(equals + 1));
      }
    }
    out.push_back(std::move(range));
  }
  return out;
}

bool takesJson(const std::string& type) {
  return type.empty() || type == "application/json" || type == "*/*" || type == "application/*" ||
         type == "application/yaml";  // JSON is YAML.
}

/// The rest of the path behind /api/v1 or /apis/GROUP/VERSION, as {ns, plural, name, subresource}.
std::optional<Target> targetOf(std::string_view group, std::string_view version,
                               std::span<const std::string> rest) {
  Target target;
  // /namespaces/NAME and /namespaces/NAME/status are about the Namespace itself.
  const bool scoped = rest.size() >= 3 && rest[0] == "namespaces" &&
                      !(rest.size() == 3 && (rest[2] == "status" || rest[2] == "finalize"));
  if (scoped) {
    target.ns = rest[1];
    rest = rest.subspan(2);
  }
  if (rest.empty() || rest.size() > 3) {
    return std::nullopt;
  }
  target.resource = kube::findResource(group, version, rest[0]);
  if (target.resource == nullptr || (scoped && !target.resource->namespaced)) {
    return std::nullopt;
  }
  if (rest.size() > 1) {
    target.name = rest[1];
    if (target.resource->namespaced && target.ns.empty()) {
      return std::nullopt;
    }
  }
  if (rest.size() > 2) {
    target.subresource = rest[2];
    const auto& known = target.resource->subresources;
    if (std::find(known.begin(), known.end(), target.subresource) == known.end()) {
      return std::nullopt;
    }
  }
  return target;
}

}  // namespace

Query Query::parse(std::string_view text) {
  Query query;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) {
      continue;
    }
    const auto equals = part.find('=');
    query.parameters_.emplace_back(
        unescape(part.substr(0, equals), true),
        equals == std::string_view::npos ? "" : unescape(part.substr(equals + 1), true));
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

bool Query::has(std::string_view name) const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const auto& parameter) { return parameter.first == name; });
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : parameters_) {
    if (key == name) {
      out.push_back(value);
    }
  }
  return out;
}

bool Query::flag(std::string_view name, bool fallback) const {
  return parseBool(get(name)).value_or(fallback);
}

std::optional<std::int64_t> Query::integer(std::string_view name) const {
  return parseInt(get(name));
}

void setTarget(ApiRequest& request, std::string_view target) {
  const auto question = target.find('?');
  request.path = std::string(target.substr(0, question));
  request.query =
      Query::parse(question == std::string_view::npos ? "" : target.substr(question + 1));
}

std::vector<std::string> segmentsOf(std::string_view path) {
  std::vector<std::string> out;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty()) {
      out.push_back(unescape(part, false));
    }
  }
  return out;
}

std::optional<Target> targetOf(std::string_view path) {
  const std::vector<std::string> parts = segmentsOf(path);
  const std::span<const std::string> all(parts);
  if (parts.size() >= 3 && parts[0] == "api") {
    return targetOf("", parts[1], all.subspan(2));
  }
  if (parts.size() >= 4 && parts[0] == "apis" && !parts[1].empty()) {
    return targetOf(parts[1], parts[2], all.subspan(3));
  }
  return std::nullopt;
}

ApiResult<Shape> negotiate(std::string_view accept) {
  for (const MediaRange& range : mediaRanges(accept)) {
    if (!takesJson(range.type)) {
      continue;
    }
    if (range.as.empty()) {
      return Shape::kObject;
    }
    if (range.as == "Table" && range.group == "meta.k8s.io" && range.version == "v1") {
      return Shape::kTable;
    }
    if ((range.as == "PartialObjectMetadata" || range.as == "PartialObjectMetadataList") &&
        range.group == "meta.k8s.io" && range.version == "v1") {
      return Shape::kPartialMetadata;
    }
  }
  return refuse(notAcceptable());
}

std::string_view discoveryVersion(std::string_view accept) {
  for (const MediaRange& range : mediaRanges(accept)) {
    if (!takesJson(range.type)) {
      continue;
    }
    if (range.as.empty()) {
      return {};
    }
    if (range.as == "APIGroupDiscoveryList" && range.group == "apidiscovery.k8s.io") {
      if (range.version == "v2") {
        return "v2";
      }
      if (range.version == "v2beta1") {
        return "v2beta1";
      }
    }
  }
  return {};
}

std::string mediaType(std::string_view contentType) {
  return toLower(trim(contentType.substr(0, contentType.find(';'))));
}

}  // namespace hitless::control
