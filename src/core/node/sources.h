#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/node/pod_spec.h"

namespace hitless::node {

/// The keys of one ConfigMap or Secret, decoded.
using SourceData = std::map<std::string, std::string, std::less<>>;

/// What a pod's environment and volumes draw from, fetched before they are made.
struct Sources {
  std::map<SourceRef, SourceData> found;  ///< One that does not exist is absent.
  std::string serviceAccountToken;        ///< Content of projected serviceAccountToken files.
};

/// data and binaryData of a ConfigMap, or data of a Secret. A value that is no base64 reads as
/// empty.
SourceData sourceDataOf(const kube::json::object& object, SourceKind kind);
/// RFC 4648 with padding; white space is skipped; nullopt for anything else.
std::optional<std::string> decodeBase64(std::string_view text);
/// 'configmap "web"': how kubelet's messages name a source.
std::string describe(const SourceRef& ref);

}  // namespace hitless::node
