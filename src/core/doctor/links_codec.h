#pragma once

#include <optional>

#include "core/doctor/links.h"
#include "core/netlink/message.h"

/// The answers of rtnetlink(7) that a Network is made of, and the questions.
namespace hitless::doctor {

netlink::Bytes dumpInterfaces(std::uint32_t sequence);
/// Of the main table where the socket checks strictly (NETLINK_GET_STRICT_CHK), else of all;
/// routeFrom() gives only the main table's.
netlink::Bytes dumpMainRoutes(IpFamily family, std::uint32_t sequence);
netlink::Bytes dumpNeighbours(std::uint32_t sequence);
/// Asks which number a namespace has here: of the process `pid`, or of an open file.
netlink::Bytes getNamespaceId(std::uint32_t pid, std::uint32_t sequence);
netlink::Bytes getNamespaceIdOfFile(std::uint32_t fd, std::uint32_t sequence);

/// Nothing if the message is something else, or lacks what it needs.
std::optional<Interface> interfaceFrom(const netlink::Message& message);
std::optional<InterfaceAddress> addressFrom(const netlink::Message& message);
std::optional<RouteEntry> routeFrom(const netlink::Message& message);
std::optional<Neighbour> neighbourFrom(const netlink::Message& message);
/// Nothing also if the namespace has no number.
std::optional<std::int32_t> namespaceIdFrom(const netlink::Message& message);

}  // namespace hitless::doctor
