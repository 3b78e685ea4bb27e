#pragma once

#include <cstdint>
#include <optional>

#include "core/conntrack/flow.h"
#include "core/netlink/message.h"

/// ctnetlink requests and answers (linux/netfilter/nfnetlink_conntrack.h) as bytes.
namespace hitless::conntrack {

netlink::Bytes encodeGet(const Tuple& original, std::uint32_t sequence);
netlink::Bytes encodeDelete(const Flow& flow, std::uint32_t sequence);
/// Takes one label from a flow that is there; there is no way to name it but its original tuple
/// (nf_conntrack_netlink.c, ctnetlink_new_conntrack, does not look at CTA_ID).
netlink::Bytes encodeClearLabel(const Flow& flow, unsigned label, std::uint32_t sequence);
/// Both address families.
netlink::Bytes encodeDump(std::uint32_t sequence);
/// At least those that this address answers. Kernels before 5.8 do not know the filter; and the
/// filter for IPv6 gives all but those asked for (nf_conntrack_netlink.c,
/// ctnetlink_filter_match_tuple, seen with 6.18), so all of that family are asked for.
netlink::Bytes encodeDumpAnsweredBy(const IpAddress& address, std::uint32_t sequence);
/// A connection that is there, came up, or (in an event) ended; nullopt if the message is none of
/// these or lacks a tuple.
std::optional<Flow> decodeFlow(const netlink::Message& message);
/// The message that decodeFlow() reads; for tests and replays.
netlink::Bytes encodeFlow(const Flow& flow, std::uint32_t sequence);

}  // namespace hitless::conntrack
