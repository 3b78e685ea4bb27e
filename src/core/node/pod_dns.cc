#include "core/node/pod_dns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/node/etc_files.h"

namespace hitless::node {
namespace {

using Words = std::vector<std::string>;

// k8s.io/kubernetes/pkg/apis/core/validation: MaxDNSNameservers, MaxDNSSearchPaths,
// MaxDNSSearchListChars; DNS1123SubdomainMaxLength, because some versions of glibc abort() at more.
constexpr std::size_t kMaxNameservers = 3;
constexpr std::size_t kMaxSearches = 32;
constexpr std::size_t kMaxSearchChars = 2048;
constexpr std::size_t kMaxDomain = 253;

void dropDuplicates(Words& words) {
  Words once;
  for (std::string& word : words) {
    if (std::find(once.begin(), once.end(), word) == once.end()) {
      once.push_back(std::move(word));
    }
  }
  words = std::move(once);
}

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  dropDuplicates(words);
}

bool usesCluster(const PodSpec& spec) {
  return spec.dns.policy == "ClusterFirstWithHostNet" ||
         (spec.dns.policy == "ClusterFirst" && !spec.hostNetwork);
}

dns::ResolvConf baseOf(const PodSpec& spec, const dns::ResolvConf& node, const Words& clusterDns) {
  if (spec.dns.policy == "None") {
    return {};
  }
  if (!usesCluster(spec) || clusterDns.empty()) {
    return node;
  }
  dns::ResolvConf conf;
  conf.nameservers = clusterDns;
  conf.searches = {fmt::format("{}.svc.{}", spec.ns, kClusterDomain),
                   fmt::format("svc.{}", kClusterDomain), std::string(kClusterDomain)};
  append(conf.searches, node.searches);
  conf.options = {"ndots:5"};
  return conf;
}

void addOwn(dns::ResolvConf& conf, const DnsConfig& own) {
  append(conf.nameservers, own.nameservers);
  append(conf.searches, own.searches);
  for (const std::string& option : own.options) {
    dns::setOption(conf.options, option);
  }
}

Emit cutEvent(std::string_view what, std::string_view omitted, std::string_view line,
              const Words& applied) {
  return {true,
          "DNSConfigForming",
          fmt::format("{} limits were exceeded, some {} have been omitted, the applied {} line is: "
                      "{}",
                      what, omitted, line, fmt::join(applied, " ")),
          {}};
}

/// kubelet's words.
Emit noClusterDns(const PodSpec& spec) {
  return {
      true,
      "MissingClusterDNS",
      fmt::format("pod: \"{}\". kubelet does not have ClusterDNS IP configured and cannot create "
                  "Pod using \"ClusterFirst\" policy. Falling back to \"Default\" policy.",
                  spec.longName()),
      {}};
}

void cutNameservers(PodDns& dns) {
  Words& servers = dns.conf.nameservers;
  if (servers.size() > kMaxNameservers) {
    servers.resize(kMaxNameservers);
    dns.events.push_back(cutEvent("Nameserver", "nameservers", "nameserver", servers));
  }
}

void cutSearches(PodDns& dns) {
  Words& searches = dns.conf.searches;
  const std::size_t before = searches.size();
  searches.resize(std::min(before, kMaxSearches));
  std::erase_if(searches, [](const std::string& domain) { return domain.size() > kMaxDomain; });
  while (fmt::format("{}", fmt::join(searches, " ")).size() > kMaxSearchChars) {
    searches.pop_back();
  }
  if (searches.size() != before) {
    dns.events.push_back(cutEvent("Search Line", "search paths", "search", searches));
  }
}

}  // namespace

PodDns podDnsOf(const PodSpec& spec, const dns::ResolvConf& node, const Words& clusterDns) {
  PodDns dns;
  if (usesCluster(spec) && clusterDns.empty()) {
    dns.events.push_back(noClusterDns(spec));
  }
  dns.conf = baseOf(spec, node, clusterDns);
  addOwn(dns.conf, spec.dns);
  cutNameservers(dns);
  cutSearches(dns);
  return dns;
}

}  // namespace hitless::node
