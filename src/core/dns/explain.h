#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dns/resolv_conf.h"
#include "core/dns/zone.h"
#include "core/kube/json.h"

/// What a name resolves to for a pod, and why: for people and for programs.
namespace hitless::dns {

/// The names that a resolver asks for, in order (resolv.conf(5), as glibc and musl do it): one with
/// fewer dots than `ndots` with the search list first, one with a final dot as it is and no more.
/// kInvalid: the name is none.
Result<std::vector<Name>> namesToTry(std::string_view name, const ResolvConf& conf);

/// One name that was asked for.
struct NameStep {
  enum class Result : std::uint8_t {
    kFound,
    kNoData,     ///< The name exists and has no address.
    kAbsent,     ///< NXDOMAIN: the resolver goes on with the next.
    kExpected,   ///< NXDOMAIN for those who cannot wait: the query is held for a while.
    kElsewhere,  ///< Upstreams decide.
  };
  std::string name;
  Result result = Result::kAbsent;
  std::string why;
  std::vector<std::string> answers;    ///< Addresses and aliases.
  std::vector<std::string> endpoints;  ///< Of the Service: each with its state.
  std::uint32_t ttl = 0;               ///< Seconds; of found names and of absences.
};

/// Walks the names until one is found or leads elsewhere.
std::vector<NameStep> explainNames(const Zone& zone, const std::vector<Name>& names, MonoTime now);

std::string textOf(const std::string& asked, const std::vector<NameStep>& steps);
kube::json::object jsonOf(const std::string& asked, const std::vector<NameStep>& steps);

}  // namespace hitless::dns
