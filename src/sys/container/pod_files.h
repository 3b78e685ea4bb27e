#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "core/node/pod_spec.h"
#include "core/node/volume_files.h"

namespace hitless::sys {

/// Writes the files of a projected volume into `directory`, which is emptied before.
Status writeVolume(const std::string& directory, const std::vector<node::VolumeFile>& files);
/// Checks (and for the ...OrCreate types makes) what a hostPath volume names.
Status checkHostPath(const node::HostPath& path);
/// A directory that every user may write, as emptyDir volumes are.
Status makeOpenDirectory(const std::string& directory, mode_t mode);
void removeTree(const std::string& directory);

}  // namespace hitless::sys
