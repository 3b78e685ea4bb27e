#pragma once

#include <string>
#include <string_view>
#include <vector>

/// resolv.conf(5): how a machine or a pod finds its name servers.
namespace hitless::dns {

struct ResolvConf {
  /// As written: an address, of IPv6 perhaps with a zone ("fe80::1%eth0"), or nonsense that a
  /// resolver would pass over.
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<std::string> options;  ///< "ndots:5", "rotate"; each name once.
  bool operator==(const ResolvConf&) const = default;
};

/// Reads any text, as kubelet's parseResolvConf (pkg/kubelet/network/dns) does: name servers and
/// options accumulate, the last search line counts, a domain's final dot goes, everything else (the
/// old "domain" too) is passed over. Never fails: a line without a value is no line.
ResolvConf parseResolvConf(std::string_view text);

/// In the order of what containerd writes for a pod: search, nameserver, options.
std::string render(const ResolvConf& conf);

/// Adds an option, or replaces the one of its name ("ndots:2" is of the name ndots).
void setOption(std::vector<std::string>& options, std::string option);

}  // namespace hitless::dns
