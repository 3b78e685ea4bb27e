#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace hitless::sys {

using Texts = std::map<std::string, std::string, std::less<>>;

/// Reads the files below / that a pattern names (core/doctor/evidence.h; at most 4,096 of them),
/// each up to `maxFile` bytes. "proc/net" is the network namespace of the calling thread. What does
/// not exist is left out; what cannot be read, or not wholly, is in `unread` with the reason.
void readFiles(std::string_view pattern, std::size_t maxFile, Texts& files, Texts& unread);

}  // namespace hitless::sys
