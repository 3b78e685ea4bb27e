#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/control/api_error.h"
#include "core/kube/resource.h"

namespace hitless::control {

/// The decoded parameters of a URL's query, in order. Names are case-sensitive.
class Query {
 public:
  Query() = default;
  /// Never fails: a broken escape stays as it is.
  static Query parse(std::string_view text);

  /// The first value, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  /// As Go's ParseBool reads it; absent or unreadable is `fallback`.
  bool flag(std::string_view name, bool fallback = false) const;
  std::optional<std::int64_t> integer(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// What arrived, as far as the API cares.
struct ApiRequest {
  std::string method;  ///< GET, POST, ...
  std::string path;    ///< Without the query; still percent-encoded.
  Query query;
  std::string accept;
  std::string contentType;
  std::string authorization;
  std::string userAgent;
  std::string body;
};

/// Splits a request target into path and query.
void setTarget(ApiRequest& request, std::string_view target);

/// Which objects a request is about.
struct Target {
  const kube::Resource* resource = nullptr;
  std::string ns;           ///< Empty: cluster-scoped, or all namespaces.
  std::string name;         ///< Empty: the collection.
  std::string subresource;  ///< "", "status", "scale", "log", ...
};

/// The target of a path below /api/v1/ or /apis/GROUP/VERSION/; nullopt if it names nothing served.
std::optional<Target> targetOf(std::string_view path);

/// The path's segments, percent-decoded; empty ones are left out.
std::vector<std::string> segmentsOf(std::string_view path);

/// How the client wants objects.
enum class Shape { kObject, kTable, kPartialMetadata };

/// The first acceptable entry of an Accept header: JSON, plain or as a Table or
/// PartialObjectMetadata. Protobuf is never chosen, because every client that asks for it also
/// takes JSON.
ApiResult<Shape> negotiate(std::string_view accept);

/// "v2" or "v2beta1" if the client would rather have an APIGroupDiscoveryList, else "".
std::string_view discoveryVersion(std::string_view accept);

/// The media type without parameters, lower case.
std::string mediaType(std::string_view contentType);

}  // namespace hitless::control
