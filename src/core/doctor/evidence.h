#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

/// What the doctor knows of a node. Checks see nothing else, so that every check runs on a bundle
/// from another machine as it runs on this one.
namespace hitless::doctor {

/// What was read at one moment, by name. What lies below /proc, /sys, /etc and /run has its path
/// without the first slash ("proc/sys/net/ipv4/ip_forward"); what the kernel was asked in other
/// ways has a name below "kernel/" (evidence_names.h).
struct Sample {
  nanoseconds at{};  ///< Since the first sample.
  std::map<std::string, std::string, std::less<>> files;
};

struct Evidence {
  std::string host;
  std::string kernel;  ///< uname -r
  WallTime taken{};
  std::vector<Sample> samples;  ///< In order; at least one. What is wanted once is in the first.
  /// What was asked for and could not be read, and why, by name or pattern. What does not exist on
  /// the node is in neither map.
  std::map<std::string, std::string, std::less<>> unread;

  /// The newest; nullptr if it was not read.
  const std::string* find(std::string_view name) const;
  /// The oldest.
  const std::string* findFirst(std::string_view name) const;
  /// find() as a decimal number without its white space; nullopt if it is missing or none.
  std::optional<std::int64_t> number(std::string_view name) const;
  /// All names in any sample that match a pattern, in which '*' stands for anything but '/'.
  std::vector<std::string> names(std::string_view pattern) const;
  /// Between the first and the last sample; 0 with one.
  nanoseconds span() const;
};

/// '*' in the pattern stands for any characters but '/'.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace hitless::doctor
