#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace hitless::proxy {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  ///< Belongs to it.
  bool operator==(const PortRange&) const = default;
};

/// Ports as people write them: "all", "80,8080,9000-9100", or nothing.
class PortList {
 public:
  PortList() = default;
  static PortList all();
  /// kInvalid names the part that is no port. "*" is "all", as in Istio's annotations.
  static Result<PortList> parse(std::string_view text);

  bool everything() const { return everything_; }
  bool empty() const { return !everything_ && ranges_.empty(); }
  /// Sorted; they neither touch nor overlap. Empty if everything().
  const std::vector<PortRange>& ranges() const { return ranges_; }
  bool contains(std::uint16_t port) const;
  void add(PortRange range);
  /// What parse() reads.
  std::string text() const;
  bool operator==(const PortList&) const = default;

 private:
  bool everything_ = false;
  std::vector<PortRange> ranges_;
};

}  // namespace hitless::proxy
