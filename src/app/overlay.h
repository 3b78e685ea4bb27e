#pragma once

#include <string>

#include "base/error.h"

namespace hitless::app {

/// Gives the calling process mounts of its own: what it mounts from here on is seen by it and its
/// children only.
Status ownMounts();

/// Puts a file with this text over `path`. After ownMounts().
Status overlayFile(const std::string& path, const std::string& text);

}  // namespace hitless::app
