#include "core/proxy/routing/hosts.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hitless::proxy::routing {
namespace {

constexpr std::size_t kLongestName = 255;  // RFC 1035 2.3.4

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view hostOf(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return authority.substr(1, end == std::string_view::npos ? end : end - 1);
  }
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  return host;
}

void HostTable::add(std::string_view hostname, std::uint32_t value) {
  if (hostname == "*") {
    any_ = any_.value_or(value);
  } else if (hostname.starts_with("*.")) {
    wildcards_.emplace(toLower(hostname.substr(1)), value);
  } else {
    exact_.emplace(toLower(hostname), value);
  }
}

std::optional<std::uint32_t> HostTable::find(std::string_view host) const {
  if ((exact_.empty() && wildcards_.empty()) || host.size() > kLongestName) {
    return any_;
  }
  std::array<char, kLongestName> text{};
  std::transform(host.begin(), host.end(), text.begin(), lower);
  return findLower({text.data(), host.size()});
}

std::optional<std::uint32_t> HostTable::findLower(std::string_view host) const {
  if (const auto it = exact_.find(host); it != exact_.end()) {
    return it->second;
  }
  if (!wildcards_.empty()) {
    // A wildcard stands for at least one label, so it cannot end before the first dot.
    for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      if (const auto it = wildcards_.find(host.substr(dot)); it != wildcards_.end()) {
        return it->second;
      }
    }
  }
  return any_;
}

}  // namespace hitless::proxy::routing
