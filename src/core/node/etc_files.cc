#include "core/node/etc_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hitless::node {

std::string hostnameOf(const PodSpec& spec) {
  std::string name = spec.hostname.empty() ? spec.name : spec.hostname;
  name.resize(std::min<std::size_t>(name.size(), 63));
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) {
    name.pop_back();
  }
  return name;
}

std::string hostsFile(const PodSpec& spec, const std::string& podIP) {
  std::string out =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n";
  const std::string name = hostnameOf(spec);
  if (!podIP.empty()) {
    out += spec.subdomain.empty() ? fmt::format("{}\t{}\n", podIP, name)
                                  : fmt::format("{0}\t{1}.{2}.{3}.svc.{4}\t{1}\n", podIP, name,
                                                spec.subdomain, spec.ns, kClusterDomain);
  }
  for (const HostAlias& alias : spec.hostAliases) {
    out += fmt::format("{}\t{}\n", alias.ip, fmt::join(alias.hostnames, "\t"));
  }
  return out;
}

}  // namespace hitless::node
