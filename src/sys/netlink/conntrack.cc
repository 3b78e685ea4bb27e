#include "sys/netlink/conntrack.h"

#include <fmt/format.h>
#include <linux/netlink.h>

#include "core/conntrack/codec.h"

namespace hitless::sys {
namespace {

constexpr int kDumpAttempts = 3;

}  // namespace

Result<Conntrack> Conntrack::open() {
  NetlinkSocket socket = TRY(NetlinkSocket::open(NETLINK_NETFILTER));
  socket.reserveReceive(std::size_t{4} << 20);
  return Conntrack(std::move(socket));
}

Result<std::optional<Flow>> Conntrack::find(const conntrack::Tuple& tuple) {
  std::optional<Flow> found;
  const auto asked = socket_.request(conntrack::encodeGet(tuple, socket_.nextSequence()),
                                     "look up connection", [&](const netlink::Message& answer) {
                                       found = conntrack::decodeFlow(answer);
                                       return Status{};
                                     });
  if (!asked && asked.error().osError != ENOENT) {
    return tl::unexpected(asked.error());
  }
  return found;
}

Status Conntrack::remove(const Flow& flow) {
  const auto removed = socket_.request(conntrack::encodeDelete(flow, socket_.nextSequence()),
                                       fmt::format("delete connection {}", flow.text()));
  return !removed && removed.error().osError == ENOENT ? Status{} : removed;
}

Status Conntrack::clearLabel(const Flow& flow, unsigned label) {
  const auto cleared =
      socket_.request(conntrack::encodeClearLabel(flow, label, socket_.nextSequence()),
                      fmt::format("clear label {} of connection {}", label, flow.text()));
  // ENOSPC: it began while no rule set labels, and has no room for any.
  const bool without =
      !cleared && (cleared.error().osError == ENOENT || cleared.error().osError == ENOSPC);
  return without ? Status{} : cleared;
}

Result<std::vector<Flow>> Conntrack::dump() {
  return collect(conntrack::encodeDump);
}

Result<std::vector<Flow>> Conntrack::dumpAnsweredBy(const IpAddress& address) {
  return collect(
      [&](std::uint32_t sequence) { return conntrack::encodeDumpAnsweredBy(address, sequence); });
}

Result<std::vector<Flow>> Conntrack::collect(
    const std::function<netlink::Bytes(std::uint32_t sequence)>& request) {
  Status done;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    std::vector<Flow> flows;
    done = socket_.dump(request(socket_.nextSequence()), "dump connections",
                        [&](const netlink::Message& answer) {
                          if (auto flow = conntrack::decodeFlow(answer)) {
                            flows.push_back(std::move(*flow));
                          }
                          return Status{};
                        });
    if (done) {
      return flows;
    }
    if (done.error().osError != EINTR) {
      break;
    }
  }
  return tl::unexpected(done.error());
}

}  // namespace hitless::sys
