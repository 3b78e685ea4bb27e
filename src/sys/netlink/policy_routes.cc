#include "sys/netlink/policy_routes.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace hitless::sys {
namespace {

/// An error that only says that the work was done already is none.
Status unless(Status status, int done) {
  return !status && status.error().osError == done ? Status{} : status;
}

std::string textOf(const netlink::MarkRule& rule) {
  return fmt::format("the IPv{} routing rule for mark 0x{:x}", rule.family == IpFamily::kV4 ? 4 : 6,
                     rule.mark);
}

std::string textOf(const netlink::LocalRoute& route) {
  return fmt::format("the local route {} in table {}", route.address.text(), route.table);
}

}  // namespace

Result<PolicyRoutes> PolicyRoutes::open() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_ROUTE));
  // Kernels before 4.20 have no such option, and then dump every table: the reader looks twice.
  const int on = 1;
  (void)::setsockopt(socket.fd(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  return PolicyRoutes(std::move(socket));
}

Status PolicyRoutes::addRule(const netlink::MarkRule& rule) {
  return unless(
      socket_.request(netlink::newRule(rule, socket_.nextSequence()), "add " + textOf(rule)),
      EEXIST);
}

Status PolicyRoutes::removeRule(const netlink::MarkRule& rule) {
  return unless(
      socket_.request(netlink::deleteRule(rule, socket_.nextSequence()), "remove " + textOf(rule)),
      ENOENT);
}

Status PolicyRoutes::addLocalRoute(const netlink::LocalRoute& route) {
  return unless(socket_.request(netlink::newLocalRoute(route, socket_.nextSequence()),
                                "add " + textOf(route)),
                EEXIST);
}

Status PolicyRoutes::removeLocalRoute(const netlink::LocalRoute& route) {
  return unless(socket_.request(netlink::deleteLocalRoute(route, socket_.nextSequence()),
                                "remove " + textOf(route)),
                ESRCH);
}

Result<std::vector<IpAddress>> PolicyRoutes::localRoutes(IpFamily family, std::uint32_t table) {
  std::vector<IpAddress> found;
  const Status read = socket_.dump(
      netlink::dumpRoutes(family, table, socket_.nextSequence()),
      fmt::format("read routing table {}", table), [&](const netlink::Message& answer) {
        const auto route = netlink::localRouteOf(answer);
        if (route && route->table == table && route->address.family() == family) {
          found.push_back(route->address);
        }
        return Status{};
      });
  TRY_VOID(unless(read, ENOENT));
  return found;
}

}  // namespace hitless::sys
