#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hitless::proxy::routing {

/// The host of an authority: without port, brackets of IPv6 and the dot at the end stay off.
/// "Example.com.:80" gives "Example.com", "[::1]:80" gives "::1".
std::string_view hostOf(std::string_view authority);

/// Finds hostnames: exact ones, then wildcards from the longest on, then "*". The time depends on
/// the labels of the name, not on how many hostnames there are.
class HostTable {
 public:
  /// "example.com", "*.example.com" (stands for one or more labels) or "*". The first of two equal
  /// ones stays.
  void add(std::string_view hostname, std::uint32_t value);
  /// Of a host without port, in any case of letters.
  std::optional<std::uint32_t> find(std::string_view host) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Map = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  std::optional<std::uint32_t> findLower(std::string_view host) const;

  Map exact_;
  Map wildcards_;  ///< By what follows the star: ".example.com".
  std::optional<std::uint32_t> any_;
};

}  // namespace hitless::proxy::routing
