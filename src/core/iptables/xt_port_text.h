#pragma once

#include "core/iptables/xt_words.h"

/// The matches on a transport protocol's own header.
namespace hitless::iptables::xt {

Words tcpWords(const Info& info);
Words udpWords(const Info& info);
Words sctpWords(const Info& info);
/// ipt_icmp and ip6t_icmp are the same; --icmp-type and --icmpv6-type.
Words icmpWords(const Info& info);
template <int kRevision>
Words multiportWords(const Info& info);

}  // namespace hitless::iptables::xt
