#pragma once

#include <span>
#include <string>

#include "core/doctor/check.h"
#include "core/doctor/evidence.h"

namespace hitless::sys {

struct CollectOptions {
  /// Between the two samples, if anything is wanted twice.
  nanoseconds interval = std::chrono::milliseconds(250);
  /// Of one file; what is longer is cut there, which Evidence::unread says.
  std::size_t maxFile = std::size_t{4} << 20;
};

/// Reads what is wanted of this node: files as the calling thread's network namespace shows them,
/// and what the kernel tells (kernel/...). Changes nothing, takes no lock, and does not wait longer
/// than the interval. What cannot be read is in Evidence::unread.
doctor::Evidence collect(std::span<const doctor::Want> wants, const CollectOptions& options = {});

}  // namespace hitless::sys
