#include "sys/doctor/links.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "core/doctor/links_codec.h"
#include "core/netlink/address_codec.h"
#include "sys/doctor/bounded_dump.h"

namespace hitless::sys {
namespace {

using netlink::Message;

/// Appends what `decode` makes of each answer, up to `limit` entries in all; true if that was all.
template <class Entry, class Decode>
Result<bool> collect(const netlink::Bytes& request, std::string_view what, std::size_t limit,
                     Decode decode, std::vector<Entry>& into) {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_ROUTE));
  const int on = 1;  // Kernels before 4.20 do not know it, and give all tables.
  ::setsockopt(socket.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  return dumpUpTo(socket, request, what, [&](const Message& answer) {
    if (auto entry = decode(answer)) {
      if (into.size() >= limit) {
        return More::kEnough;
      }
      into.push_back(std::move(*entry));
    }
    return More::kYes;
  });
}

}  // namespace

Result<doctor::Network> readNetwork(const NetworkLimits& limits) {
  doctor::Network network;
  TRY(collect(doctor::dumpInterfaces(1), "list interfaces", SIZE_MAX, doctor::interfaceFrom,
              network.interfaces));
  TRY(collect(netlink::dumpAddresses(1), "list addresses", SIZE_MAX, doctor::addressFrom,
              network.addresses));
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const bool whole =
        TRY(collect(doctor::dumpMainRoutes(family, 1), "list routes",
                    network.routes.size() + limits.routes, doctor::routeFrom, network.routes));
    network.routesCut = network.routesCut || !whole;
  }
  network.neighboursCut =
      !TRY(collect(doctor::dumpNeighbours(1), "list neighbours", limits.neighbours,
                   doctor::neighbourFrom, network.neighbours));
  TRY_VOID(readNamespaces(limits, network));
  return network;
}

Result<std::string> linksEvidence() {
  return doctor::renderNetwork(TRY(readNetwork()));
}

}  // namespace hitless::sys
