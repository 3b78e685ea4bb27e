#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/each.h"
#include "core/kube/table_kinds.h"

/// Cells of Ingresses, as kubectl's own printers have them, and of Gateway API's kinds, as the
/// columns of their definitions do.
namespace hitless::kube {
namespace {

constexpr std::size_t kAddressWidth = 16;

std::string hostsText(const json::object& ingress) {
  std::vector<std::string> hosts;
  const json::object* spec = findObject(ingress, {"spec"});
  eachObject(spec == nullptr ? json::object{} : *spec, "rules", "",
             [&](const json::object& rule, const std::string&) {
               if (const std::string_view host = text(rule, {"host"}); !host.empty()) {
                 hosts.emplace_back(host);
               }
             });
  return firstThree(hosts, "*");
}

std::string addressText(const json::object& ingress) {
  std::vector<std::string> addresses;
  const json::object* balancer = findObject(ingress, {"status", "loadBalancer"});
  eachObject(balancer == nullptr ? json::object{} : *balancer, "ingress", "",
             [&](const json::object& point, const std::string&) {
               const std::string_view ip = text(point, {"ip"});
               addresses.emplace_back(ip.empty() ? text(point, {"hostname"}) : ip);
             });
  std::string all = join(addresses, ",");
  if (all.size() > kAddressWidth) {
    all.resize(kAddressWidth - 3);
    all += "...";
  }
  return all;
}

/// null for what is not there: kubectl leaves the cell blank.
json::value textOrNull(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* value = find(object, path);
  return value != nullptr && value->is_string() ? *value : json::value(nullptr);
}

json::value conditionStatus(const json::object& object, std::string_view type) {
  json::value status;
  const json::object* parent = findObject(object, {"status"});
  eachObject(parent == nullptr ? json::object{} : *parent, "conditions", "",
             [&](const json::object& condition, const std::string&) {
               if (text(condition, {"type"}) == type) {
                 status = textOrNull(condition, {"status"});
               }
             });
  return status;
}

json::value gatewayAddresses(const json::object& gateway) {
  std::vector<std::string> values;
  const json::object* status = findObject(gateway, {"status"});
  eachObject(status == nullptr ? json::object{} : *status, "addresses", "",
             [&](const json::object& address, const std::string&) {
               values.emplace_back(text(address, {"value"}));
             });
  return values.empty() ? json::value(nullptr) : json::value(join(values, " "));
}

}  // namespace

json::array ingressCells(const json::object& ingress, WallTime now) {
  const json::array* tls = findArray(ingress, {"spec", "tls"});
  const bool secure = tls != nullptr && !tls->empty();
  return {nameCell(ingress),         orNone(text(ingress, {"spec", "ingressClassName"})),
          hostsText(ingress),        addressText(ingress),
          secure ? "80, 443" : "80", ageCell(ingress, now)};
}

json::array ingressClassCells(const json::object& ingressClass, WallTime now) {
  std::string parameters = "<none>";
  if (const json::object* ref = findObject(ingressClass, {"spec", "parameters"})) {
    const std::string_view group = text(*ref, {"apiGroup"});
    parameters = fmt::format("{}{}{}/{}", text(*ref, {"kind"}), group.empty() ? "" : ".", group,
                             text(*ref, {"name"}));
  }
  return {nameCell(ingressClass), text(ingressClass, {"spec", "controller"}), parameters,
          ageCell(ingressClass, now)};
}

json::array gatewayCells(const json::object& gateway, WallTime now) {
  return {nameCell(gateway), textOrNull(gateway, {"spec", "gatewayClassName"}),
          gatewayAddresses(gateway), conditionStatus(gateway, "Programmed"), ageCell(gateway, now)};
}

json::array gatewayClassCells(const json::object& gatewayClass, WallTime now) {
  return {nameCell(gatewayClass), textOrNull(gatewayClass, {"spec", "controllerName"}),
          conditionStatus(gatewayClass, "Accepted"), ageCell(gatewayClass, now),
          textOrNull(gatewayClass, {"spec", "description"})};
}

json::array routeCells(const json::object& route, WallTime now) {
  const json::array* hostnames = findArray(route, {"spec", "hostnames"});
  return {nameCell(route),
          hostnames == nullptr ? json::value(nullptr) : json::value(json::serialize(*hostnames)),
          ageCell(route, now)};
}

}  // namespace hitless::kube
