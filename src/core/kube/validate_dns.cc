#include <fmt/format.h>

#include "base/ip.h"
#include "core/kube/each.h"
#include "core/kube/names.h"
#include "core/kube/validation_rules.h"

// dnsPolicy and dnsConfig, as pkg/apis/core/validation has them (validatePodDNSConfig).
namespace hitless::kube {
namespace {

constexpr std::size_t kMaxNameservers = 3;
constexpr std::size_t kMaxSearches = 32;
constexpr std::size_t kMaxSearchChars = 2048;

std::string_view textAt(const json::array& list, std::size_t i) {
  return list[i].is_string() ? std::string_view(list[i].get_string()) : std::string_view();
}

std::size_t joinedSize(const json::array& list) {
  std::size_t size = list.empty() ? 0 : list.size() - 1;
  for (std::size_t i = 0; i < list.size(); ++i) {
    size += textAt(list, i).size();
  }
  return size;
}

void validateNameservers(const json::array& servers, const std::string& path, FieldErrors& errors) {
  if (servers.size() > kMaxNameservers) {
    errors.invalid(path, servers,
                   fmt::format("must not have more than {} nameservers", kMaxNameservers));
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!IpAddress::parse(textAt(servers, i))) {
      errors.invalid(fmt::format("{}[{}]", path, i), servers[i],
                     "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    }
  }
}

/// Since 1.33 labels may have underscores, and "." alone is a domain
/// (RelaxedDNSSearchValidation).
void validateSearches(const json::array& searches, const std::string& path, FieldErrors& errors) {
  if (searches.size() > kMaxSearches) {
    errors.invalid(path, searches,
                   fmt::format("must not have more than {} search paths", kMaxSearches));
  }
  if (joinedSize(searches) > kMaxSearchChars) {
    errors.invalid(
        path, searches,
        fmt::format("must not have more than {} characters (including spaces) in the search list",
                    kMaxSearchChars));
  }
  for (std::size_t i = 0; i < searches.size(); ++i) {
    std::string_view domain = textAt(searches, i);
    if (domain == ".") {
      continue;
    }
    domain.remove_suffix(domain.ends_with('.') ? 1 : 0);
    if (const auto error = searchDomainError(domain)) {
      errors.invalid(fmt::format("{}[{}]", path, i), json::string(domain), *error);
    }
  }
}

}  // namespace

void validatePodDns(const json::object& spec, const std::string& path, FieldErrors& errors) {
  const json::object* config = findObject(spec, {"dnsConfig"});
  const std::string at = path + ".dnsConfig";
  const json::array* nameservers = findArray(spec, {"dnsConfig", "nameservers"});
  if (text(spec, {"dnsPolicy"}) == "None" && (nameservers == nullptr || nameservers->empty())) {
    return config == nullptr
               ? errors.required(at, "must provide `dnsConfig` when `dnsPolicy` is None")
               : errors.required(
                     at + ".nameservers",
                     "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (config == nullptr) {
    return;
  }
  if (nameservers != nullptr) {
    validateNameservers(*nameservers, at + ".nameservers", errors);
  }
  if (const json::array* searches = findArray(*config, {"searches"})) {
    validateSearches(*searches, at + ".searches", errors);
  }
  eachObject(*config, "options", at, [&](const json::object& option, const std::string& place) {
    if (text(option, {"name"}).empty()) {
      errors.required(place, "must not be empty");
    }
  });
}

}  // namespace hitless::kube
