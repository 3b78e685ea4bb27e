#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/table_kinds.h"

namespace hitless::kube {
namespace {

template <class F>
void forEachObject(const json::array* list, F each) {
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::object* object = (*list)[i].if_object()) {
      each(*object);
    }
  }
}

std::vector<std::string> strings(const json::array* list) {
  std::vector<std::string> out;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::string* string = (*list)[i].if_string()) {
      out.emplace_back(*string);
    }
  }
  return out;
}

std::string clusterIpText(const json::object& service) {
  const auto all = strings(findArray(service, {"spec", "clusterIPs"}));
  return orNone(all.empty() ? text(service, {"spec", "clusterIP"}) : std::string_view(all[0]));
}

std::string externalIpText(const json::object& service) {
  const std::string_view type = text(service, {"spec", "type"});
  if (type == "ExternalName") {
    return std::string(text(service, {"spec", "externalName"}));
  }
  std::vector<std::string> addresses;
  if (type == "LoadBalancer") {
    forEachObject(findArray(service, {"status", "loadBalancer", "ingress"}),
                  [&](const json::object& ingress) {
                    const std::string_view ip = text(ingress, {"ip"});
                    addresses.emplace_back(ip.empty() ? text(ingress, {"hostname"}) : ip);
                  });
  }
  for (std::string& address : strings(findArray(service, {"spec", "externalIPs"}))) {
    addresses.push_back(std::move(address));
  }
  if (addresses.empty()) {
    return type == "LoadBalancer" ? "<pending>" : "<none>";
  }
  return join(addresses, ",");
}

std::string portsText(const json::object& service) {
  std::vector<std::string> ports;
  forEachObject(findArray(service, {"spec", "ports"}), [&](const json::object& port) {
    const std::int64_t node = integer(port, {"nodePort"});
    const std::string_view protocol = text(port, {"protocol"}, "TCP");
    const std::int64_t number = integer(port, {"port"});
    ports.push_back(node > 0 ? fmt::format("{}:{}/{}", number, node, protocol)
                             : fmt::format("{}/{}", number, protocol));
  });
  return ports.empty() ? "<none>" : join(ports, ",");
}

/// [v6]:port or v4:port
std::string hostPort(std::string_view ip, std::int64_t port) {
  return ip.find(':') == std::string_view::npos ? fmt::format("{}:{}", ip, port)
                                                : fmt::format("[{}]:{}", ip, port);
}

void addSubset(const json::object& subset, std::vector<std::string>& out) {
  const json::array* addresses = findArray(subset, {"addresses"});
  const json::array* ports = findArray(subset, {"ports"});
  if (ports == nullptr || ports->empty()) {
    forEachObject(addresses,
                  [&](const json::object& address) { out.emplace_back(text(address, {"ip"})); });
  }
  forEachObject(ports, [&](const json::object& port) {
    forEachObject(addresses, [&](const json::object& address) {
      out.push_back(hostPort(text(address, {"ip"}), integer(port, {"port"})));
    });
  });
}

std::string slicePort(const json::object& port) {
  if (const auto number = optionalInteger(port, {"port"})) {
    return std::to_string(*number);
  }
  const std::string_view name = text(port, {"name"});
  return name.empty() ? "*" : std::string(name);
}

}  // namespace

json::array serviceCells(const json::object& service, WallTime now) {
  return {nameCell(service),
          text(service, {"spec", "type"}),
          clusterIpText(service),
          externalIpText(service),
          portsText(service),
          ageCell(service, now),
          labelsText(findObject(service, {"spec", "selector"}))};
}

json::array endpointsCells(const json::object& endpoints, WallTime now) {
  std::vector<std::string> addresses;
  forEachObject(findArray(endpoints, {"subsets"}),
                [&](const json::object& subset) { addSubset(subset, addresses); });
  return {nameCell(endpoints), firstThree(addresses, "<none>"), ageCell(endpoints, now)};
}

json::array endpointSliceCells(const json::object& slice, WallTime now) {
  std::vector<std::string> ports;
  forEachObject(findArray(slice, {"ports"}),
                [&](const json::object& port) { ports.push_back(slicePort(port)); });
  std::vector<std::string> addresses;
  forEachObject(findArray(slice, {"endpoints"}), [&](const json::object& endpoint) {
    for (std::string& address : strings(findArray(endpoint, {"addresses"}))) {
      addresses.push_back(std::move(address));
    }
  });
  return {nameCell(slice), text(slice, {"addressType"}), firstThree(ports, "<unset>"),
          firstThree(addresses, "<unset>"), ageCell(slice, now)};
}

}  // namespace hitless::kube
