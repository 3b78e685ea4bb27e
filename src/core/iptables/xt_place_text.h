#pragma once

#include "core/iptables/xt_words.h"

/// The matches on where a packet comes from and goes to.
namespace hitless::iptables::xt {

Words addrtype0Words(const Info& info);
Words addrtype1Words(const Info& info);
/// -m set of revisions 1 and 2, and of 3 and 4 without conditions on counters.
Words set1Words(const Info& info);
Words set3Words(const Info& info);
Words physdevWords(const Info& info);
Words macWords(const Info& info);
Words iprangeWords(const Info& info);
Words ownerWords(const Info& info);
Words pkttypeWords(const Info& info);

}  // namespace hitless::iptables::xt
