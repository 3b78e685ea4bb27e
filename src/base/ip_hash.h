#pragma once

#include <functional>
#include <string_view>

#include "base/ip.h"

namespace hitless {

/// For unordered containers.
struct IpAddressHash {
  std::size_t operator()(const IpAddress& address) const {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};

}  // namespace hitless
