#include "core/policy/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hitless::policy {
namespace {

namespace json = kube::json;

constexpr std::array<std::string_view, 4> kKeys{"from", "to", "port", "protocol"};

Result<Protocol> protocolOf(std::string_view text) {
  if (const auto protocol = service::parseProtocol(text)) {
    return *protocol;
  }
  return invalid(fmt::format("protocol '{}' is none of TCP, UDP and SCTP", text));
}

Status checkKeys(const json::object& object) {
  for (const auto& entry : object) {
    const std::string_view key = entry.key();
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return invalid(fmt::format("'{}' is none of from, to, port and protocol", key));
    }
  }
  for (const std::string_view key : {"from", "to"}) {
    if (kube::text(object, {key}).empty()) {
      return invalid(fmt::format("'{}' must be a pod's NAMESPACE/NAME or an IP address", key));
    }
  }
  return {};
}

Result<Probe> probeOf(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) {
    return invalid("a probe is an object with from, to, port and protocol");
  }
  TRY_VOID(checkKeys(*object));
  Probe probe{std::string(kube::text(*object, {"from"})), std::string(kube::text(*object, {"to"})),
              std::string(kube::text(*object, {"port"})), Protocol::kTcp};
  if (const auto number = kube::optionalInteger(*object, {"port"})) {
    probe.port = fmt::format("{}", *number);
  }
  if (const json::value* protocol = kube::find(*object, "protocol")) {
    probe.protocol = TRY(protocolOf(protocol->is_string() ? protocol->get_string() : "?"));
  }
  return probe;
}

/// Chooses the ends' addresses and the number of the port.
class Resolver {
 public:
  Resolver(const Evaluator& evaluator, const Probe& probe, std::string_view ns)
      : evaluator_(evaluator), probe_(probe), ns_(ns) {}

  Result<Connection> resolve() const {
    Connection out;
    out.protocol = probe_.protocol;
    out.from = TRY(endOf(probe_.from));
    out.to = TRY(endOf(probe_.to));
    TRY_VOID(chooseAddresses(out));
    out.port = TRY(portOf(out.to.pod));
    return out;
  }

 private:
  Result<End> endOf(const std::string& text) const {
    if (const auto address = IpAddress::parse(text)) {
      return End{evaluator_.owner(*address), address};
    }
    const std::size_t slash = text.find('/');
    const std::string ns = slash == std::string::npos ? std::string(ns_) : text.substr(0, slash);
    const std::string name = slash == std::string::npos ? text : text.substr(slash + 1);
    const Pod* pod = evaluator_.find(ns, name);
    if (pod == nullptr) {
      return unknown(ns + "/" + name);
    }
    if (pod->finished) {
      return fail(
          ErrorKind::kNotFound,
          fmt::format("Pod {} has ended: its address is nobody's or another pod's", pod->text()));
    }
    return End{pod, std::nullopt};
  }

  tl::unexpected<Error> unknown(const std::string& name) const {
    std::vector<std::string> known;
    for (const Pod& pod : evaluator_.state().pods) {
      known.push_back(pod.text());
    }
    const auto meant = nearest(name, known);
    return fail(ErrorKind::kNotFound, fmt::format("there is no Pod {}", name),
                meant           ? fmt::format("did you mean {}?", *meant)
                : known.empty() ? "no Pods were given at all; an IP address needs none"
                                : "give NAMESPACE/NAME of a Pod, or an IP address");
  }

  /// The addresses that an end can have; none if nobody knows.
  static std::vector<IpAddress> choices(const End& end) {
    return end.address ? std::vector<IpAddress>{*end.address} : end.pod->ips;
  }

  Status chooseAddresses(Connection& connection) const {
    const auto from = choices(connection.from);
    const auto to = choices(connection.to);
    for (const IpAddress& receiver : to) {
      const auto sender = std::find_if(from.begin(), from.end(), [&](const IpAddress& address) {
        return address.family() == receiver.family();
      });
      if (sender != from.end()) {
        connection.from.address = *sender;
        connection.to.address = receiver;
        return {};
      }
    }
    if (!from.empty() && !to.empty()) {
      return invalid(
          fmt::format("{} and {} have no addresses of one family", probe_.from, probe_.to));
    }
    connection.from.address = from.empty() ? std::nullopt : std::optional(from.front());
    connection.to.address = to.empty() ? std::nullopt : std::optional(to.front());
    return {};
  }

  Result<std::uint16_t> portOf(const Pod* pod) const {
    if (probe_.port.empty()) {
      return invalid("a port is needed: a number, or the name of a port of the pod");
    }
    if (probe_.port.find_first_not_of("-0123456789") == std::string::npos) {
      const auto number = parseInt(probe_.port);
      return number && *number >= 1 && *number <= 65535
                 ? Result<std::uint16_t>(static_cast<std::uint16_t>(*number))
                 : invalid(fmt::format("port {} is not between 1 and 65535", probe_.port));
    }
    if (pod == nullptr) {
      return invalid(fmt::format("port '{}' is a name, but {} is no pod: give its number",
                                 probe_.port, probe_.to));
    }
    if (const auto port = pod->portNamed(probe_.port, probe_.protocol)) {
      return *port;
    }
    return noSuchPort(*pod);
  }

  tl::unexpected<Error> noSuchPort(const Pod& pod) const {
    std::vector<std::string> names;
    for (const NamedPort& port : pod.ports) {
      names.push_back(fmt::format("{}/{}", port.name, service::name(port.protocol)));
    }
    return fail(ErrorKind::kNotFound,
                fmt::format("Pod {} has no port named '{}' for {}", pod.text(), probe_.port,
                            service::name(probe_.protocol)),
                names.empty() ? "its ports have no names: give a number"
                              : fmt::format("it has {}", join(names, ", ")));
  }

  const Evaluator& evaluator_;
  const Probe& probe_;
  std::string_view ns_;
};

}  // namespace

Result<Probe> parseProbe(std::string from, std::string to, std::string_view port) {
  Probe probe{std::move(from), std::move(to), std::string(port.substr(0, port.find('/'))),
              Protocol::kTcp};
  if (const std::size_t slash = port.find('/'); slash != std::string_view::npos) {
    probe.protocol = TRY(protocolOf(port.substr(slash + 1)));
  }
  return probe;
}

Result<std::vector<Probe>> probesOf(const json::value& list, std::string_view place) {
  const json::array* array = list.if_array();
  if (array == nullptr) {
    return tl::unexpected<Error>(
        Error{ErrorKind::kInvalid,
              "probes are a list of objects with from, to, port and protocol",
              std::string(place),
              {},
              0});
  }
  std::vector<Probe> out;
  out.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    auto probe = probeOf((*array)[i]);
    if (!probe) {
      return tl::unexpected<Error>(std::move(probe).error().about(fmt::format("{}[{}]", place, i)));
    }
    out.push_back(std::move(*probe));
  }
  return out;
}

Result<Connection> connectionOf(const Evaluator& evaluator, const Probe& probe,
                                std::string_view ns) {
  return Resolver(evaluator, probe, ns).resolve();
}

}  // namespace hitless::policy
