#include "core/dns/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::dns {
namespace {

constexpr std::uint64_t kDefaultDots = 1;

std::uint64_t dotsWanted(const ResolvConf& conf) {
  for (const std::string& option : conf.options) {
    if (option.starts_with("ndots:")) {
      return parseUint(std::string_view(option).substr(6)).value_or(kDefaultDots);
    }
  }
  return kDefaultDots;
}

std::string stateOf(const ServiceRecords& records, const service::Endpoint& endpoint) {
  std::string state = endpoint.ready         ? "ready"
                      : endpoint.terminating ? "terminating"
                      : endpoint.serving     ? "serving, but not ready"
                                             : "not ready";
  if (!endpoint.ready && publishes(records, endpoint)) {
    state += ", stands in because none is ready";
  }
  return state;
}

std::vector<std::string> endpointsOf(const ServiceRecords& records) {
  std::vector<std::string> lines;
  for (const auto& [name, slice] : records.state.slices) {
    for (std::size_t i = 0; i < slice->endpoints.size(); ++i) {
      const service::Endpoint& endpoint = slice->endpoints[i];
      const std::string host = slice->hostnames.empty() ? "" : slice->hostnames[i];
      lines.push_back(fmt::format("{} {}{}: {}", publishes(records, endpoint) ? "+" : "-",
                                  endpoint.ip.text(), host.empty() ? "" : " (" + host + ")",
                                  stateOf(records, endpoint)));
    }
  }
  return lines;
}

std::string whyAbsent(const Match& match) {
  if (match.service == nullptr) {
    return "nothing in the cluster has this name";
  }
  if (!match.label.empty()) {
    return fmt::format("the Service has no ready endpoint called {}", match.label);
  }
  if (!match.port.empty()) {
    return fmt::format("the Service has no port {}/{}", match.port, match.protocol);
  }
  if (match.service->kind == ServiceRecords::Kind::kHeadless) {
    return "a headless Service without a ready endpoint has no name";
  }
  return "nothing below the Service has this name";
}

std::string whyFound(const Match& match) {
  switch (match.kind) {
    case Match::Kind::kPod:
      return "a pod's name holds its address";
    case Match::Kind::kEndpoint:
      return "an endpoint of the Service";
    case Match::Kind::kPort:
      return "a port of the Service";
    case Match::Kind::kService:
      break;
    default:
      return "one of the zone's own names";
  }
  switch (match.service->kind) {
    case ServiceRecords::Kind::kHeadless:
      return "a headless Service: its ready endpoints";
    case ServiceRecords::Kind::kExternalName:
      return "an ExternalName Service: stands for another name";
    case ServiceRecords::Kind::kClusterIp:
      break;
  }
  return "a Service: its cluster IP";
}

bool expected(const Match& match) {
  return match.service != nullptr && match.service->kind == ServiceRecords::Kind::kHeadless &&
         (match.label.empty() ? match.service->unsettled
                              : match.service->expected.contains(match.label));
}

NameStep stepFor(const Zone& zone, const Name& name, MonoTime now) {
  NameStep step;
  step.name = name.text();
  const Match match = zone.find(name.wire());
  if (match.service) {
    step.endpoints = endpointsOf(*match.service);
    step.ttl = zone.ttlOf(*match.service, IpFamily::kV4, now);
  } else {
    step.ttl = zone.options().ttl;
  }
  if (match.kind == Match::Kind::kOutside) {
    step.result = NameStep::Result::kElsewhere;
    step.why = "not in the cluster's zone: upstream name servers are asked";
  } else if (match.kind == Match::Kind::kAbsent) {
    step.result = expected(match) ? NameStep::Result::kExpected : NameStep::Result::kAbsent;
    step.why = whyAbsent(match);
    step.ttl = zone.negativeTtlOf(match.service.get(), now);
  } else {
    for (const IpAddress& address :
         match.kind == Match::Kind::kEmpty ? std::span<const IpAddress>{} : match.addresses()) {
      step.answers.push_back(address.text());
    }
    if (match.service && !match.service->externalName.isRoot()) {
      step.answers.push_back(match.service->externalName.text());
    }
    const bool found = !step.answers.empty();
    step.result = found ? NameStep::Result::kFound : NameStep::Result::kNoData;
    step.why = found ? whyFound(match) : "the name exists, but has no address";
  }
  return step;
}

std::string_view wordFor(NameStep::Result result) {
  switch (result) {
    case NameStep::Result::kFound:
      return "found";
    case NameStep::Result::kNoData:
      return "no data";
    case NameStep::Result::kAbsent:
      return "NXDOMAIN";
    case NameStep::Result::kExpected:
      return "expected";
    case NameStep::Result::kElsewhere:
      return "forwarded";
  }
  return "?";
}

}  // namespace

Result<std::vector<Name>> namesToTry(std::string_view name, const ResolvConf& conf) {
  std::vector<Name> names;
  const Name asked = TRY(Name::parse(name));
  if (name.ends_with('.')) {
    return std::vector<Name>{asked};
  }
  const auto dots = static_cast<std::uint64_t>(std::count(name.begin(), name.end(), '.'));
  for (const std::string& search : conf.searches) {
    // A name that gets too long is passed over, as resolvers do.
    if (const auto joined = Name::parse(fmt::format("{}.{}", name, search))) {
      names.push_back(*joined);
    }
  }
  names.insert(dots >= dotsWanted(conf) ? names.begin() : names.end(), asked);
  return names;
}

std::vector<NameStep> explainNames(const Zone& zone, const std::vector<Name>& names, MonoTime now) {
  std::vector<NameStep> steps;
  for (const Name& name : names) {
    steps.push_back(stepFor(zone, name, now));
    if (steps.back().result == NameStep::Result::kFound) {
      break;
    }
  }
  return steps;
}

std::string textOf(const std::string& asked, const std::vector<NameStep>& steps) {
  std::string out = fmt::format("{}\n", asked);
  for (const NameStep& step : steps) {
    out += fmt::format("  {}: {}, {}", step.name, wordFor(step.result), step.why);
    out +=
        step.result == NameStep::Result::kElsewhere ? "\n" : fmt::format(" (TTL {} s)\n", step.ttl);
    for (const std::string& answer : step.answers) {
      out += fmt::format("    = {}\n", answer);
    }
    for (const std::string& endpoint : step.endpoints) {
      out += fmt::format("    {}\n", endpoint);
    }
  }
  return out;
}

kube::json::object jsonOf(const std::string& asked, const std::vector<NameStep>& steps) {
  kube::json::array list;
  const auto arrayOf = [](const std::vector<std::string>& texts) {
    return kube::json::array(texts.begin(), texts.end());
  };
  for (const NameStep& step : steps) {
    list.push_back(kube::json::object{{"name", step.name},
                                      {"result", wordFor(step.result)},
                                      {"why", step.why},
                                      {"ttl", std::int64_t{step.ttl}},
                                      {"answers", arrayOf(step.answers)},
                                      {"endpoints", arrayOf(step.endpoints)}});
  }
  return {{"asked", asked}, {"steps", std::move(list)}};
}

}  // namespace hitless::dns
