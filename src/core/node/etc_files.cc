#include "core/node/etc_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hitless::node {
namespace {

constexpr std::string_view kClusterDomain = "cluster.local";

}  // namespace

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

std::string resolvFile(const PodSpec& spec, const std::string& nodeFile,
                       const std::string& clusterDns) {
  const DnsConfig& dns = spec.dns;
  const bool cluster = dns.policy == "ClusterFirstWithHostNet" ||
                       (dns.policy == "ClusterFirst" && !spec.hostNetwork);
  std::string out;
  std::vector<std::string> searches = dns.searches;
  std::vector<std::string> options = dns.options;
  if (cluster && !clusterDns.empty()) {
    out = fmt::format("nameserver {}\n", clusterDns);
    searches.insert(searches.begin(),
                    {fmt::format("{}.svc.{}", spec.ns, kClusterDomain),
                     fmt::format("svc.{}", kClusterDomain), std::string(kClusterDomain)});
    options.insert(options.begin(), "ndots:5");
  } else if (dns.policy != "None") {
    out = nodeFile;
    if (!out.empty() && out.back() != '\n') {
      out.push_back('\n');
    }
  }
  for (const std::string& server : dns.nameservers) {
    out += fmt::format("nameserver {}\n", server);
  }
  if (!searches.empty()) {
    out += fmt::format("search {}\n", fmt::join(searches, " "));
  }
  if (!options.empty()) {
    out += fmt::format("options {}\n", fmt::join(options, " "));
  }
  return out;
}

}  // namespace hitless::node
