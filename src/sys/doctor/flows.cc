#include "sys/doctor/flows.h"

#include <linux/netlink.h>
#include <unistd.h>

#include "core/conntrack/codec.h"
#include "sys/doctor/bounded_dump.h"

namespace hitless::sys {

Result<doctor::Flows> readFlows(std::size_t limit) {
  if (::access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) != 0) {
    return fail(ErrorKind::kNotFound, "no connections are tracked on this node");
  }
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  doctor::Flows found;
  found.cut = !TRY(dumpUpTo(socket, conntrack::encodeDump(1), "list connections",
                            [&](const netlink::Message& answer) {
                              auto flow = conntrack::decodeFlow(answer);
                              if (flow && found.flows.size() >= limit) {
                                return More::kEnough;
                              }
                              if (flow) {
                                flow->id = 0;
                                flow->labels = {};
                                found.flows.push_back(std::move(*flow));
                              }
                              return More::kYes;
                            }));
  return found;
}

Result<std::string> flowsEvidence() {
  return doctor::renderFlows(TRY(readFlows()));
}

}  // namespace hitless::sys
