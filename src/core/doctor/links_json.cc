#include <boost/json/serialize.hpp>

#include "core/doctor/json_fields.h"
#include "core/doctor/links.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

/// Of a list: everything that `make` gives.
template <class Entry, class Make>
json::array listOf(const std::vector<Entry>& entries, Make make) {
  json::array out;
  out.reserve(entries.size());
  for (const Entry& entry : entries) {
    out.emplace_back(make(entry));
  }
  return out;
}

json::object toJson(const Interface& one) {
  json::object out{{"index", one.index}, {"name", one.name},        {"kind", one.kind},
                   {"mtu", one.mtu},     {"master", one.master},    {"lower", one.lower},
                   {"up", one.up},       {"loopback", one.loopback}};
  if (one.peerNetns) {
    out["peerNetns"] = *one.peerNetns;
  }
  if (one.local) {
    out["local"] = one.local->text();
  }
  return out;
}

json::object toJson(const RouteEntry& one) {
  json::object out{{"to", one.destination.text()}, {"interface", one.interface}};
  if (one.gateway) {
    out["via"] = one.gateway->text();
  }
  if (one.blackhole) {
    out["blackhole"] = true;
  }
  return out;
}

json::object toJson(const NetworkNamespace& one) {
  json::object out{{"inode", one.inode}, {"processes", one.processes}, {"name", one.name}};
  if (one.id) {
    out["id"] = *one.id;
  }
  return out;
}

std::optional<std::int32_t> namespaceId(const json::object& from, std::string_view key) {
  const auto number = fields::integer(from, key);
  return number && *number >= 0 && *number <= INT32_MAX
             ? std::optional(static_cast<std::int32_t>(*number))
             : std::nullopt;
}

Interface interfaceFrom(const json::object& from) {
  Interface one;
  one.index = fields::small<std::uint32_t>(from, "index");
  one.name = fields::text(from, "name");
  one.kind = fields::text(from, "kind");
  one.mtu = fields::small<std::uint32_t>(from, "mtu");
  one.master = fields::small<std::uint32_t>(from, "master");
  one.lower = fields::small<std::uint32_t>(from, "lower");
  one.up = fields::flag(from, "up");
  one.loopback = fields::flag(from, "loopback");
  one.peerNetns = namespaceId(from, "peerNetns");
  one.local = fields::address(from, "local");
  return one;
}

void readAddresses(const json::object& from, Network& into) {
  fields::eachObject(from, "addresses", [&](const json::object& one) {
    if (const auto address = fields::network(one, "address")) {
      into.addresses.push_back({fields::small<std::uint32_t>(one, "interface"), *address});
    }
  });
}

void readRoutes(const json::object& from, Network& into) {
  fields::eachObject(from, "routes", [&](const json::object& one) {
    if (const auto to = fields::network(one, "to")) {
      into.routes.push_back({*to, fields::address(one, "via"),
                             fields::small<std::uint32_t>(one, "interface"),
                             fields::flag(one, "blackhole")});
    }
  });
}

void readNeighbours(const json::object& from, Network& into) {
  fields::eachObject(from, "neighbours", [&](const json::object& one) {
    if (const auto address = fields::address(one, "address")) {
      into.neighbours.push_back({fields::small<std::uint32_t>(one, "interface"), *address,
                                 fields::small<std::uint16_t>(one, "state")});
    }
  });
}

void readNamespaces(const json::object& from, Network& into) {
  fields::eachObject(from, "namespaces", [&](const json::object& one) {
    into.namespaces.push_back({fields::count(one, "inode"), namespaceId(one, "id"),
                               fields::small<std::uint32_t>(one, "processes"),
                               fields::text(one, "name")});
  });
}

}  // namespace

std::string renderNetwork(const Network& network) {
  json::object out;
  out["interfaces"] = listOf(network.interfaces, [](const Interface& one) { return toJson(one); });
  out["addresses"] = listOf(network.addresses, [](const InterfaceAddress& one) {
    return json::object{{"interface", one.interface}, {"address", one.address.text()}};
  });
  out["routes"] = listOf(network.routes, [](const RouteEntry& one) { return toJson(one); });
  out["neighbours"] = listOf(network.neighbours, [](const Neighbour& one) {
    return json::object{
        {"interface", one.interface}, {"address", one.address.text()}, {"state", one.state}};
  });
  out["namespaces"] =
      listOf(network.namespaces, [](const NetworkNamespace& one) { return toJson(one); });
  out["own"] = network.own;
  out["routesCut"] = network.routesCut;
  out["neighboursCut"] = network.neighboursCut;
  out["namespacesWhole"] = network.namespacesWhole;
  return json::serialize(out);
}

Result<Network> parseNetwork(std::string_view json) {
  const json::object from = TRY(fields::parseObject(json, "the list of interfaces"));
  Network network;
  fields::eachObject(from, "interfaces", [&](const json::object& one) {
    if (Interface read = interfaceFrom(one); !read.name.empty()) {
      network.interfaces.push_back(std::move(read));
    }
  });
  readAddresses(from, network);
  readRoutes(from, network);
  readNeighbours(from, network);
  readNamespaces(from, network);
  network.own = fields::count(from, "own");
  network.routesCut = fields::flag(from, "routesCut");
  network.neighboursCut = fields::flag(from, "neighboursCut");
  network.namespacesWhole = fields::flag(from, "namespacesWhole");
  return network;
}

}  // namespace hitless::doctor
