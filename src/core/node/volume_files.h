#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/node/downward.h"
#include "core/node/pod_spec.h"
#include "core/node/sources.h"

namespace hitless::node {

/// One file of a projected volume.
struct VolumeFile {
  std::string path;  ///< Relative, without "..".
  std::string content;
  std::int64_t mode = 0644;
  bool operator==(const VolumeFile&) const = default;
};

/// The files of a projected volume; a later row wins over an earlier one with the same path.
/// kNotFound names what is missing and not optional; kInvalid a path that leaves the volume.
Result<std::vector<VolumeFile>> volumeFiles(const PodSpec& spec, const Projected& volume,
                                            const PodFacts& facts, const Sources& sources);

/// True if a relative path stays below the place it starts from.
bool staysInside(std::string_view path);

}  // namespace hitless::node
