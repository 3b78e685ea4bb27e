#pragma once

#include <string>
#include <string_view>

#include "core/doctor/evidence.h"

namespace hitless::testing {

/// What a node shows, made up: two samples, a second apart.
class MadeEvidence {
 public:
  MadeEvidence() {
    evidence.samples.resize(2);
    evidence.samples[1].at = std::chrono::seconds(1);
    evidence.kernel = "6.1.0-18-amd64";
  }
  /// Read once.
  MadeEvidence& has(std::string_view name, std::string text) {
    evidence.samples[0].files.insert_or_assign(std::string(name), std::move(text));
    return *this;
  }
  /// Read in both samples.
  MadeEvidence& becomes(std::string_view name, std::string before, std::string after) {
    evidence.samples[0].files.insert_or_assign(std::string(name), std::move(before));
    evidence.samples[1].files.insert_or_assign(std::string(name), std::move(after));
    return *this;
  }

  doctor::Evidence evidence;
};

}  // namespace hitless::testing
