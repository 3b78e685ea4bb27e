#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "core/node/environment.h"
#include "core/node/pod_spec.h"

/// What an image means on a node without a registry: a program of the host, a directory of the
/// host, or nothing where the manifest brings its own command.
namespace hitless::node {

/// "registry.k8s.io/library/nginx:1.25@sha256:…" -> "nginx".
std::string_view programName(std::string_view image);

struct Launch {
  std::vector<std::string> argv;
  std::string root;     ///< Directory to use as the root file system; empty: the host's.
  std::string program;  ///< Path of the program on the host if the image named one; else empty.
};

/// The host's side of the question.
struct ImageLookup {
  /// The path of a program by name; programs beside the hitless binary come before $PATH.
  std::function<std::optional<std::string>(std::string_view name)> findProgram;
  std::function<bool(const std::string& path)> isDirectory;
};

/// The argv of a container, $(VAR) expanded. kNotFound says what to write into the manifest
/// instead.
Result<Launch> resolveImage(const ContainerSpec& container, const Environment& environment,
                            const ImageLookup& lookup);

}  // namespace hitless::node
