#include "core/doctor/pod_ranges.h"

#include <algorithm>

#include "base/text.h"
#include "core/doctor/evidence_names.h"

namespace hitless::doctor {
namespace {

constexpr std::string_view kForeign[] = {"docker", "br-",   "podman", "cni-podman", "virbr",
                                         "lxcbr",  "lxdbr", "vmnet",  "tailscale",  "wg"};

void add(const Cidr& range, IpFamily family, std::vector<Cidr>& into) {
  const Cidr network = range.masked();
  if (network.address.family() == family && std::ranges::find(into, network) == into.end()) {
    into.push_back(network);
  }
}

}  // namespace

std::map<std::string, std::string> flannelSubnet(const Evidence& evidence) {
  std::map<std::string, std::string> found;
  const std::string* text = evidence.find(kFlannelSubnet);
  if (text == nullptr) {
    return found;
  }
  const auto lines = split(*text, '\n');
  for (const std::string_view line : lines) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      found[std::string(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
    }
  }
  return found;
}

bool isForeignDevice(std::string_view name) {
  return name == "lo" || std::ranges::any_of(kForeign, [&](std::string_view prefix) {
           return name.starts_with(prefix);
         });
}

std::vector<Cidr> podRanges(const Evidence& evidence, IpFamily family) {
  std::vector<Cidr> found;
  const bool v4 = family == IpFamily::kV4;
  const auto flannel = flannelSubnet(evidence);
  for (const char* key : {v4 ? "FLANNEL_NETWORK" : "FLANNEL_IPV6_NETWORK",
                          v4 ? "FLANNEL_SUBNET" : "FLANNEL_IPV6_SUBNET"}) {
    const auto value = flannel.find(key);
    const auto range = value == flannel.end() ? invalid("missing") : Cidr::parse(value->second);
    if (range) {
      add(*range, family, found);
    }
  }
  const std::string* text = evidence.find(names::kLinks);
  const auto network = text == nullptr ? Result<Network>() : parseNetwork(*text);
  if (!network) {
    return found;
  }
  const std::vector<PodNetwork> pods = podNetworks(*network);
  for (const PodNetwork& one : pods) {
    const Interface* bridge = network->find(one.bridge);
    if (bridge == nullptr || !isForeignDevice(bridge->name)) {
      add(one.range, family, found);
    }
  }
  return found;
}

bool overlaps(const Cidr& a, const Cidr& b) {
  return a.masked().contains(b.masked().address) || b.masked().contains(a.masked().address);
}

bool namesAny(const iptables::Option* option, const std::vector<Cidr>& ranges) {
  if (option == nullptr || option->negated || option->values.empty()) {
    return false;
  }
  const auto named = Cidr::parse(option->values[0]);
  return named && std::ranges::any_of(ranges, [&](const Cidr& range) {
           return range.address.family() == named->address.family() && overlaps(range, *named);
         });
}

}  // namespace hitless::doctor
