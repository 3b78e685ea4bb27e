#include "sys/doctor/bounded_dump.h"

#include <linux/netlink.h>

namespace hitless::sys {

Result<bool> dumpUpTo(NetlinkSocket& socket, netlink::ByteView request, std::string_view what,
                      const std::function<More(const netlink::Message&)>& onMessage) {
  const auto sent = netlink::parseMessages(request);
  if (sent.size() != 1) {
    return fail(ErrorKind::kInternal, std::string(what) + ": not exactly one netlink message");
  }
  TRY_VOID(socket.send(request, what));
  for (;;) {
    const auto answers = netlink::parseMessages(TRY(socket.receive(what)));
    for (const netlink::Message& answer : answers) {
      if (answer.sequence != sent[0].sequence) {
        continue;
      }
      if (answer.type == NLMSG_DONE) {
        return true;
      }
      if (const auto ack = netlink::parseAck(answer)) {
        return tl::unexpected(netlinkError(what, *ack));
      }
      if (onMessage(answer) == More::kEnough) {
        return false;
      }
    }
  }
}

}  // namespace hitless::sys
