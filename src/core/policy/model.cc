#include "core/policy/model.h"

#include <algorithm>
#include <tuple>

namespace hitless::policy {
namespace {

namespace json = kube::json;

/// nullopt if an exception is no network: what was not to be held must not be.
std::optional<Peer> blockOf(const Cidr& cidr, const json::object& block) {
  IpBlock out{cidr.masked(), {}};
  const json::array* except = kube::findArray(block, {"except"});
  for (std::size_t i = 0; except != nullptr && i < except->size(); ++i) {
    const json::string* text = (*except)[i].if_string();
    const auto network = Cidr::parse(text == nullptr ? std::string_view() : *text);
    if (!network) {
      return std::nullopt;
    }
    out.except.push_back(network->masked());
  }
  std::sort(out.except.begin(), out.except.end());
  return out;
}

/// nullopt for what is none: it stands for nobody.
std::optional<Peer> peerOf(const json::object& peer, const std::string& ns) {
  const json::object* pods = kube::findObject(peer, {"podSelector"});
  const json::object* namespaces = kube::findObject(peer, {"namespaceSelector"});
  if (const json::object* block = kube::findObject(peer, {"ipBlock"})) {
    const auto cidr = Cidr::parse(kube::text(*block, {"cidr"}));
    const bool understood = cidr.has_value() && pods == nullptr && namespaces == nullptr;
    return understood ? blockOf(*cidr, *block) : std::nullopt;
  }
  if (pods == nullptr && namespaces == nullptr) {
    return std::nullopt;
  }
  PodSelector out;
  if (pods != nullptr) {
    out.pods = Selector(kube::labelSelectorOf(*pods));
  }
  if (namespaces != nullptr) {
    out.namespaces = Selector(kube::labelSelectorOf(*namespaces));
  } else {
    out.ns = ns;
  }
  return out;
}

bool isPort(std::int64_t number) {
  return number >= 1 && number <= 65535;
}

/// nullopt for what is none: it stands for no port.
std::optional<PortMatch> portOf(const json::object& port) {
  const auto protocol = service::parseProtocol(kube::text(port, {"protocol"}, "TCP"));
  if (!protocol) {
    return std::nullopt;
  }
  const json::value* value = kube::find(port, "port");
  if (value == nullptr || value->is_null()) {
    return PortMatch{*protocol, AllPorts{}};
  }
  if (const json::string* name = value->if_string()) {
    return name->empty() ? std::nullopt
                         : std::optional(PortMatch{*protocol, PortName{std::string(*name)}});
  }
  const std::int64_t* first = value->if_int64();
  if (first == nullptr || !isPort(*first)) {
    return std::nullopt;
  }
  const std::int64_t last = kube::integer(port, {"endPort"}, *first);
  if (!isPort(last) || last < *first) {
    return std::nullopt;
  }
  return PortMatch{*protocol,
                   PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(last)}};
}

/// The entries of a list; nullopt if it is missing or empty.
template <class Entry, class Parse>
std::optional<std::vector<Entry>> entriesOf(const json::object& rule, std::string_view key,
                                            Parse parse) {
  const json::array* list = kube::findArray(rule, {key});
  if (list == nullptr || list->empty()) {
    return std::nullopt;
  }
  std::vector<Entry> out;
  for (const json::value& item : *list) {
    const json::object* object = item.if_object();
    if (auto entry = object == nullptr ? std::nullopt : parse(*object)) {
      out.push_back(std::move(*entry));
    }
  }
  return out;
}

Rules rulesOf(const json::object& spec, std::string_view rules, std::string_view peers,
              const std::string& ns) {
  Rules out;
  const json::array* list = kube::findArray(spec, {rules});
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    // What is no rule keeps its place, so that the others keep their number, and allows nothing.
    Rule rule{std::vector<Peer>{}, std::nullopt};
    if (const json::object* object = (*list)[i].if_object()) {
      rule.peers = entriesOf<Peer>(*object, peers,
                                   [&](const json::object& peer) { return peerOf(peer, ns); });
      rule.ports = entriesOf<PortMatch>(*object, "ports", portOf);
    }
    out.push_back(std::move(rule));
  }
  return out;
}

struct Types {
  bool ingress = false;
  bool egress = false;
};

Types typesOf(const json::object& spec) {
  const json::array* types = kube::findArray(spec, {"policyTypes"});
  if (types == nullptr || types->empty()) {
    const json::array* egress = kube::findArray(spec, {"egress"});
    return {true, egress != nullptr && !egress->empty()};
  }
  Types out;
  for (const json::value& type : *types) {
    out.ingress = out.ingress || type == json::value("Ingress");
    out.egress = out.egress || type == json::value("Egress");
  }
  return out;
}

void addPeerKeys(const Rules& rules, LabelKeys& keys) {
  for (const Rule& rule : rules) {
    for (std::size_t i = 0; rule.peers && i < rule.peers->size(); ++i) {
      if (const auto* selector = std::get_if<PodSelector>(&(*rule.peers)[i])) {
        selector->pods.addKeysTo(keys);
      }
    }
  }
}

}  // namespace

std::string_view name(Direction direction) {
  return direction == Direction::kIngress ? "ingress" : "egress";
}

bool IpBlock::contains(const IpAddress& address) const {
  return cidr.contains(address) &&
         std::none_of(except.begin(), except.end(),
                      [&](const Cidr& network) { return network.contains(address); });
}

Policy policyOf(const json::object& object) {
  const kube::ObjectMeta meta = kube::metaOf(object);
  Policy out;
  out.ns = meta.ns;
  out.name = meta.name;
  const json::object* found = kube::findObject(object, {"spec"});
  const json::object none;
  const json::object& spec = found == nullptr ? none : *found;
  if (const json::object* selector = kube::findObject(spec, {"podSelector"})) {
    out.pods = Selector(kube::labelSelectorOf(*selector));
  }
  const Types types = typesOf(spec);
  if (types.ingress) {
    out.ingress = rulesOf(spec, "ingress", "from", out.ns);
  }
  if (types.egress) {
    out.egress = rulesOf(spec, "egress", "to", out.ns);
  }
  return out;
}

LabelKeys podLabelKeys(const std::vector<Policy>& policies) {
  LabelKeys keys;
  for (const Policy& policy : policies) {
    policy.pods.addKeysTo(keys);
    for (const auto* rules : {&policy.ingress, &policy.egress}) {
      if (*rules) {
        addPeerKeys(**rules, keys);
      }
    }
  }
  return keys;
}

std::optional<std::uint16_t> Pod::portNamed(std::string_view wanted, Protocol protocol) const {
  for (const NamedPort& candidate : ports) {
    if (candidate.name == wanted && candidate.protocol == protocol) {
      return candidate.port;
    }
  }
  return std::nullopt;
}

bool Pod::names(std::uint16_t port, std::string_view wanted, Protocol protocol) const {
  return std::any_of(ports.begin(), ports.end(), [&](const NamedPort& candidate) {
    return candidate.port == port && candidate.name == wanted && candidate.protocol == protocol;
  });
}

bool outranks(const Pod& a, const Pod& b) {
  return std::make_tuple(a.terminating, b.created, std::string_view(a.uid)) <
         std::make_tuple(b.terminating, a.created, std::string_view(b.uid));
}

Pod podFrom(const kube::Pod& pod) {
  Pod out{pod.meta.ns, pod.meta.name,   pod.meta.uid,   pod.nodeName,          pod.meta.labels, {},
          {},          pod.hostNetwork, pod.finished(), pod.meta.terminating()};
  out.created = pod.meta.creationTimestamp;
  for (const std::string& text : pod.podIPs) {
    if (const auto address = IpAddress::parse(text)) {
      out.ips.push_back(*address);
    }
  }
  for (const kube::ContainerPort& port : pod.ports) {
    const auto protocol = service::parseProtocol(port.protocol);
    if (protocol && !port.name.empty() && port.containerPort != 0) {
      out.ports.push_back({port.name, *protocol, port.containerPort});
    }
  }
  return out;
}

}  // namespace hitless::policy
